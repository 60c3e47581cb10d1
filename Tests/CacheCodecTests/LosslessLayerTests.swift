import FKVFormat
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

/// Several sections of one layer: they must make up its rows, without gaps and overlaps.
@Suite struct LosslessLayerTests {
  private let files = ExtendedFiles()
  private static let cache = SyntheticCache.make(layers: 1, kvHeads: 1, groupSize: 1, tokens: 12, headDim: 4, probe: 0)

  /// A file whose keys lie in sections of some rows; values in one.
  private func open(_ rows: [Range<Int>], indices: [Int]? = nil) throws -> FKVCache {
    let writer = try FKVWriter(path: files.path)
    for (number, rows) in rows.enumerated() {
      let tensor = Self.cache.keys[0].rows(rows)
      try writer.add(
        .losslessKeys, layer: 0, index: indices?[number] ?? number, tokens: rows, rawBytes: tensor.bytes.count,
        payload: LosslessSection.encode(tensor))
    }
    try writer.add(
      .losslessValues, layer: 0, tokens: 0..<12, rawBytes: 12 * 4 * 2,
      payload: LosslessSection.encode(Self.cache.values[0]))
    var description = Self.cache.description
    description.tokens = nil
    try writer.commit(
      header: CacheHeader(description: description, profile: .lossless, settings: [], writer: "", storedError: nil)
        .record)
    return try FKVCache(path: files.path)
  }

  private func badTokens(of number: Int, _ declared: String, _ allowed: String) -> CodecError {
    .badValue(place: "layer 0 keys", field: "tokens of section \(number)", declared: declared, allowed: allowed)
  }

  @Test(arguments: [[0..<12], [0..<1, 1..<12], [0..<5, 5..<6, 6..<11, 11..<12]])
  func sectionsMakeUpTheRows(rows: [Range<Int>]) throws {
    #expect(try open(rows).tensor(.key, layer: 0) == Self.cache.keys[0])
  }

  /// What no row calls for is passed over, as sections of other profiles are.
  @Test func sectionsBehindTheLastRowDoNotCount() throws {
    #expect(try open([0..<12, 3..<5]).tensor(.key, layer: 0) == Self.cache.keys[0])
  }

  @Test func gapsAndOverlapsAreRefused() {
    #expect(throws: badTokens(of: 0, "11 from 1", "from 0 on, up to 12")) { try open([1..<12]) }
    #expect(throws: badTokens(of: 1, "6 from 6", "from 5 on, up to 12")) { try open([0..<5, 6..<12]) }
    #expect(throws: badTokens(of: 1, "8 from 4", "from 5 on, up to 12")) { try open([0..<5, 4..<12]) }
    #expect(throws: badTokens(of: 1, "0 from 0", "from 5 on, up to 12")) { try open([0..<5, 5..<5, 5..<12]) }
    #expect(throws: badTokens(of: 1, "5 from 0", "from 5 on, up to 12")) {
      try open([0..<5, 5..<12, 0..<5], indices: [0, 2, 1])
    }
    #expect(
      throws: CodecError.badValue(
        place: "layer 0 keys", field: "tokens of all sections", declared: "5", allowed: "12, the layer's tokens")
    ) { try open([0..<5, 5..<12], indices: [0, 2]) }
    #expect(throws: CodecError.missingSection(layer: 0, kind: .key)) { try open([0..<12], indices: [1]) }
  }
}
