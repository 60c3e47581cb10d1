import FileIO
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

struct LlamaStateCacheTests {
  private let scratch = ScratchFolder()
  private var path: String { scratch.file("a.state") }

  private func open(_ builder: LlamaStateBuilder) throws -> LlamaStateFile {
    try Data(builder.bytes).write(to: URL(fileURLWithPath: path))
    return try LlamaStateFile(path: path)
  }

  /// (H, T, D) of a layer of the builder's elements.
  private func expected(_ kind: CacheKind, _ layer: Int, positions: Range<Int32>) -> [UInt8] {
    (0..<2).flatMap { head in
      positions.flatMap { position in
        (0..<2).flatMap { dim in
          GGUFBuilder.little(
            LlamaStateBuilder.element(kind, layer: layer, position: position, feature: head * 2 + dim))
        }
      }
    }
  }

  @Test(arguments: [false, true]) func sortsByPositionAndPutsHeadsOutermost(_ isTransposed: Bool) throws {
    let builder = LlamaStateBuilder(blobs: [.init(positions: [2, 0, 1], layers: 2, isTransposed: isTransposed)])
    let description = LlamaStateBuilder.description(tokens: 3, firstPositions: [0, 0], windows: [nil, nil])
    let cache = try LlamaStateCache(state: open(builder), description: description)
    for layer in 0..<2 {
      for kind in CacheKind.allCases {
        #expect(try cache.tensor(kind, layer: layer).bytes == expected(kind, layer, positions: 0..<3))
      }
    }
    #expect(cache.probeQueries(layer: 0) == nil)
  }

  @Test func takesSlidingLayersFromTheSecondMemory() throws {
    // Layers 0 and 2 slide; the builder numbers layers as they stand in the file: 1, then 0 and 2.
    let builder = LlamaStateBuilder(blobs: [
      .init(positions: [0, 1, 2], layers: 1), .init(positions: [2, 1, 0], layers: 2),
    ])
    let description = LlamaStateBuilder.description(tokens: 3, firstPositions: [1, 0, 1], windows: [2, nil, 2])
    let cache = try LlamaStateCache(state: open(builder), description: description)
    #expect(try cache.tensor(.key, layer: 1).bytes == expected(.key, 0, positions: 0..<3))
    #expect(try cache.tensor(.key, layer: 0).bytes == expected(.key, 1, positions: 1..<3))
    #expect(try cache.tensor(.value, layer: 2).bytes == expected(.value, 2, positions: 1..<3))
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let description = LlamaStateBuilder.description(tokens: 3, firstPositions: [0, 0], windows: [nil, nil])
    let three = LlamaStateBuilder(blobs: [.init(positions: [0, 1, 2], layers: 3)])
    #expect(
      throws: LlamaStateError.layerMismatch(path: path, layer: 0, what: "layers in memory 0", expected: 2, found: 3)
    ) { try LlamaStateCache(state: open(three), description: description) }
    let wide = LlamaStateBuilder(blobs: [.init(positions: [0, 1, 2], layers: 2, features: 6)])
    #expect(
      throws: LlamaStateError.layerMismatch(path: path, layer: 0, what: "keys a token", expected: 4, found: 6)
    ) { try LlamaStateCache(state: open(wide), description: description) }
    let single = LlamaStateBuilder(blobs: [.init(positions: [0, 1, 2], layers: 2, type: 0, elementBytes: 4)])
    #expect(
      throws: LlamaStateError.layerMismatch(path: path, layer: 0, what: "key type code", expected: 1, found: 0)
    ) { try LlamaStateCache(state: open(single), description: description) }
    let unknown = LlamaStateBuilder(blobs: [.init(positions: [0, 1, 2], layers: 2, type: 31)])
    #expect(throws: LlamaStateError.unsupportedType(path: path, layer: 0, kind: .key, code: 31)) {
      try LlamaStateCache(state: open(unknown), description: description)
    }
    for positions: [Int32] in [[0, 2, 3], [1, 2, 3], [0, 1], [0, 1, 1]] {
      let holes = LlamaStateBuilder(blobs: [.init(positions: positions, layers: 2)])
      let missing = (0..<3).first { $0 >= positions.count || positions.sorted()[$0] != Int32($0) }!
      #expect(throws: LlamaStateError.missingPosition(path: path, layer: 0, position: missing)) {
        try LlamaStateCache(state: open(holes), description: description)
      }
    }
  }
}
