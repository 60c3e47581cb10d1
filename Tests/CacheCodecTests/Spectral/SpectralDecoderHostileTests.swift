import Coding
import FKVFormat
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

/// Damaged files, and files that no honest writer makes although their checksums are right.
@Suite struct SpectralDecoderHostileTests {
  private let scratch = ScratchFolder()
  private static let cache = SyntheticCache.make(layers: 2, kvHeads: 1, groupSize: 2, tokens: 24, headDim: 4)
  private static let parameters = SpectralCases.parameters(block: 4, sinks: 2, window: 4, segment: 8, exact: 0.25)

  private func good() throws -> [UInt8] {
    _ = try CacheEncoder(.spectral(Self.parameters), writer: "").encode(Self.cache, to: scratch.file("good.fkv"))
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: scratch.file("good.fkv"))))
  }

  private func decode(_ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.file("bad.fkv")))
    _ = try FKVCache(path: scratch.file("bad.fkv")).decodeAll()
  }

  @Test func damageIsFound() throws {
    let bytes = try good()
    try decode(bytes)
    for count in stride(from: 0, to: bytes.count, by: 13) {
      #expect(throws: FormatError.self, "\(count)") { try decode(Array(bytes[..<count])) }
    }
    for place in stride(from: 0, to: bytes.count, by: 7) {
      var flipped = bytes
      flipped[place] ^= 1 << (place % 8)
      #expect(throws: FormatError.self, "byte \(place)") { try decode(flipped) }
    }
  }

  private struct Section {
    var kind: SectionKind
    var layer: Int
    var index: Int
    var tokens: Range<Int>
    var raw: Int
    var payload: [UInt8]
  }

  /// Writes the good file's sections, as `edit` leaves them, with right checksums, and decodes everything.
  private func open(
    _ change: (inout [Section]) -> Void = { _ in }, header edit: (inout CacheHeader) -> Void = { _ in }
  ) throws -> FKVCache {
    _ = try good()
    let file = try FKVCache(path: scratch.file("good.fkv"))
    var sections = try file.reader.sections.filter { $0.id.kind != .header && $0.id.kind != .tokens }.map {
      Section(
        kind: $0.id.kind, layer: $0.id.layer!, index: $0.id.index, tokens: $0.tokens, raw: $0.rawBytes,
        payload: try file.reader.payload(of: $0))
    }
    change(&sections)
    let writer = try FKVWriter(path: scratch.file("made.fkv"))
    for section in sections {
      try writer.add(
        section.kind, layer: section.layer, index: section.index, tokens: section.tokens, flags: .required,
        rawBytes: section.raw, payload: section.payload)
    }
    var header = file.header
    edit(&header)
    try writer.commit(header: header.record)
    return try FKVCache(path: scratch.file("made.fkv"))
  }

  private static let keys = "layers 0…1 keys"

  private func expectRefusal(
    _ field: String, _ declared: String, _ allowed: String, _ location: SourceLocation = #_sourceLocation,
    _ change: (inout [Section]) -> Void
  ) throws {
    let file = try open(change)
    let error = CodecError.badValue(place: Self.keys, field: field, declared: declared, allowed: allowed)
    #expect(throws: error, sourceLocation: location) { try file.tensor(.key, layer: 0) }
    // The other half is as good as before.
    #expect(throws: Never.self, sourceLocation: location) { try file.tensor(.value, layer: 0) }
  }

  /// Sections stand as: key frame, key segments 2..<10, 10..<18, 18..<20, 20..<24, value frame, …
  @Test func theSectionsAreAsTheTestsTakeThem() throws {
    let file = try open { sections in
      #expect(sections.map(\.kind.rawValue) == [48, 50, 50, 50, 50, 49, 51, 51, 51, 51])
      #expect(sections[1...4].map(\.tokens) == [2..<10, 10..<18, 18..<20, 20..<24])
      #expect(sections[1].raw == 8 * 8 * 2 && sections[0].raw == sections[0].payload.count)
    }
    #expect(try file.decodeAll().keys == FKVCache(path: scratch.file("good.fkv")).decodeAll().keys)
  }

  /// Order and numbers of segments do not matter.
  @Test func orderDoesNotMatter() throws {
    let file = try open { sections in
      sections.reverse()
      for i in sections.indices where sections[i].kind == .spectralKeys { sections[i].index += 7 }
    }
    #expect(try file.decodeAll().keys == FKVCache(path: scratch.file("good.fkv")).decodeAll().keys)
  }

  @Test func missingFrames() throws {
    for (place, kind) in [(0, CacheKind.key), (5, .value)] {
      #expect(throws: CodecError.missingSection(layer: 0, kind: kind)) { try open { $0.remove(at: place) } }
    }
  }

  @Test func rowsThatAreNotCoveredOnce() throws {
    try expectRefusal("rows", "8 from 10", "rows from 2 on") { $0.remove(at: 1) }
    try expectRefusal("rows", "4 from 20", "rows from 18 on") { $0.remove(at: 3) }
    try expectRefusal("rows", "20", "24, the layers' tokens") { $0.remove(at: 4) }
    try expectRefusal("rows", "8 from 2", "rows from 10 on") { sections in
      var twice = sections[1]
      twice.index = 9
      sections.append(twice)
    }
    try expectRefusal("rows", "8 from 1", "rows from 2 on") { sections in
      sections[1].tokens = 1..<9
    }
    try expectRefusal("rows", "26", "24, the layers' tokens") { sections in
      sections[4].tokens = 20..<26
      sections[4].raw = 96
    }
    try expectRefusal("rows", "0 from 0", "rows from 2 on") { sections in
      sections[1].tokens = 0..<0
      sections[1].raw = 0
    }
  }

  /// What sections decode to is checked before it is allocated.
  @Test func rawBytesAreHeldAgainstTheRows() throws {
    for (place, declared, found) in [(1, 127, 128), (1, 0, 128), (4, 1 << 20, 64)] {
      let file = try open { $0[place].raw = declared }
      let error = #expect(throws: FormatError.self) { try file.tensor(.key, layer: 0) }
      guard case .rawBytes(_, _, declared, found)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
    let file = try open { $0[0].raw += 1 }
    #expect(throws: FormatError.self) { try file.tensor(.key, layer: 0) }
    #expect(throws: Never.self) { try file.tensor(.value, layer: 1) }
  }

  @Test func keysThatCannotBeRotated() throws {
    let file = try open(header: {
      $0.description.ropes = [.none]
    })
    let error = CodecError.badValue(
      place: Self.keys, field: "un-rotated", declared: "1", allowed: "0, as the keys carry no known rotation")
    #expect(throws: error) { try file.tensor(.key, layer: 0) }
    #expect(throws: Never.self) { try file.tensor(.value, layer: 0) }
  }

  @Test func aModelBasisThatNobodyNames() throws {
    let file = try open { sections in
      var parsed = try! SpectralFrame(
        parsing: sections[0].payload,
        group: LayerGroup(firstLayer: 0, count: 2, shape: Self.cache.description.geometry.layers[0]), kind: .key,
        elementSize: 2, place: "")
      parsed.basisSource = .model
      parsed.basis = nil
      sections[0].payload = parsed.encoded(elementSize: 2).bytes
      sections[0].raw = sections[0].payload.count
    }
    #expect(throws: CodecError.missingField("basis hash")) { try file.tensor(.key, layer: 1) }
  }

  @Test func groupsThatAreNot() throws {
    for (sizes, found, legal) in [
      ([3], "a group of 3 from layer 0", "groups that make up the 2 layers"),
      ([0, 2], "a group of 0 from layer 0", "groups that make up the 2 layers"),
      ([1], "groups of 1 layers", "2, all layers"),
      ([1, 1, 1], "a group of 1 from layer 2", "groups that make up the 2 layers"),
    ] {
      let error = #expect(throws: FormatError.self) { try open(header: { $0.groupSizes = sizes }) }
      guard case .fieldValue(_, let tag, _, found, legal)? = error, tag == HeaderTag.groupSizes else {
        Issue.record("\(sizes): \(String(describing: error))")
        continue
      }
    }
    #expect(throws: FormatError.self) { try open(header: { $0.groupSizes = [] }) }
    #expect(throws: FormatError.self) { try open(header: { $0.description.geometry.layers[1].firstPosition = 1 }) }
    let wide = #expect(throws: FormatError.self) {
      try open(header: {
        for layer in 0..<2 {
          $0.description.geometry.layers[layer].headDim = 8193
          $0.storedError = nil
        }
      })
    }
    guard case .fieldValue(_, _, _, "a group of 16386 features", "groups of 16384 features at most")? = wide else {
      Issue.record("\(String(describing: wide))")
      return
    }
  }

  /// A header alone, of a cache of 2²⁸ tokens, is opened and refused without the memory that its rotations would take.
  @Test func aLargeCacheOfNothing() throws {
    let file = try open(
      { sections in
        for var frame in sections.filter({ $0.kind == .spectralKeyFrame || $0.kind == .spectralValueFrame }) {
          frame.layer = 1
          sections.append(frame)
        }
      },
      header: {
        $0.groupSizes = [1, 1]
        for layer in 0..<2 {
          $0.description.geometry.layers[layer] = LayerGeometry(kvHeads: 1, queryHeads: 2, headDim: 4, tokens: 1 << 28)
        }
      })
    for kind in CacheKind.allCases { #expect(throws: CodecError.self) { try file.tensor(kind, layer: 1) } }
  }
}
