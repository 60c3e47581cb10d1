import FKVFormat
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

/// Decoding a part of a file reads nothing that belongs to other parts: those may be damaged.
@Suite struct RandomAccessTests {
  private let files = ExtendedFiles()
  private static let full = SyntheticCache.make(layers: 4, kvHeads: 2, groupSize: 1, tokens: 71, headDim: 6)

  /// A file of two groups of two layers with several segments each.
  private func make() throws {
    guard case .spectral(var parameters) = ExtendedFiles.spectral() else { return }
    parameters.groupLayers = 2
    try files.make(Self.full, .spectral(parameters))
  }

  private func damage(_ isDamaged: (SectionEntry) -> Bool) throws {
    let sections = try FKVReader(path: files.path).sections
    var bytes = try files.bytes()
    for section in sections where section.kind != .header && section.kind != .tokens && isDamaged(section) {
      bytes[section.payloadOffset] ^= 1
    }
    try Data(bytes).write(to: URL(fileURLWithPath: files.path))
  }

  @Test func tokensDecodeWithoutOtherSegments() throws {
    try make()
    let whole = try files.decoded()
    let rows = 20..<30
    try damage { !$0.tokens.isEmpty && !$0.tokens.overlaps(rows) }
    let file = try FKVCache(path: files.path)
    for layer in 0..<4 {
      for kind in CacheKind.allCases {
        let tensor = try file.tensor(kind, layer: layer, rows: rows)
        #expect(tensor.tokens == 71 && tensor.rows(rows) == whole.tensor(kind, layer: layer).rows(rows))
        #expect(throws: FormatError.self) { try file.tensor(kind, layer: layer) }
        #expect(throws: FormatError.self) { try file.tensor(kind, layer: layer, rows: 20..<60) }
      }
    }
    for group in 0..<2 {
      let parts = try file.rows(.key, group: group, [20..<30, 22..<25])
      #expect(parts == [whole.keys[2 * group].rows(20..<30), whole.keys[2 * group + 1].rows(22..<25)])
      #expect(try file.rows(.value, group: group, [3..<3, 70..<70]).map(\.tokens) == [0, 0])
    }
  }

  @Test func aLayerDecodesWithoutOtherGroups() throws {
    try make()
    let whole = try files.decoded()
    try damage { $0.layer == 0 }
    let file = try FKVCache(path: files.path)
    for kind in CacheKind.allCases {
      for layer in 2..<4 { #expect(try file.tensor(kind, layer: layer) == whole.tensor(kind, layer: layer)) }
      for layer in 0..<2 { #expect(throws: FormatError.self) { try file.tensor(kind, layer: layer) } }
    }
  }

  /// Keys decode without values, and the other way round.
  @Test(arguments: CacheKind.allCases) func aKindDecodesWithoutTheOther(kind: CacheKind) throws {
    for method in [ExtendedFiles.spectral(), ExtendedFiles.fourier(period: nil), .lossless] {
      try files.make(Self.full, method)
      let whole = try files.decoded()
      let kinds: Set<SectionKind> = [.lossless(kind), .fourier(kind), .spectralFrame(kind), .spectralSegment(kind)]
      try damage { !kinds.contains($0.kind) }
      let file = try FKVCache(path: files.path)
      for layer in 0..<4 { #expect(try file.tensor(kind, layer: layer) == whole.tensor(kind, layer: layer)) }
    }
  }

  /// Extended losslessly, a token range needs only the sections that hold some of it.
  @Test func losslessSectionsDecodeAlone() throws {
    try files.make(Self.full.positions(0..<20), .lossless)
    try files.extend(by: Self.full.positions(0..<50))
    try files.extend(by: Self.full)
    try damage { $0.index != 1 }
    let file = try FKVCache(path: files.path)
    #expect(try file.tensor(.key, layer: 3, rows: 20..<50).rows(20..<50) == Self.full.keys[3].rows(20..<50))
    for rows in [19..<20, 50..<51, 0..<71] {
      #expect(throws: FormatError.self) { try file.tensor(.key, layer: 3, rows: rows) }
    }
  }

  /// Profile `fourier` has one section a layer, all of which is needed.
  @Test func fourierGivesTheSameRows() throws {
    try files.make(Self.full, ExtendedFiles.fourier(period: nil))
    let (file, whole) = (try FKVCache(path: files.path), try files.decoded())
    #expect(try file.rows(.value, group: 2, [5..<40]) == [whole.values[2].rows(5..<40)])
  }
}
