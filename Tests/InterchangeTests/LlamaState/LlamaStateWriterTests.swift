import FileIO
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

struct LlamaStateWriterTests {
  private let scratch = ScratchFolder()

  /// A cache with a different number in every element.
  private func cache(_ description: CacheDescription) -> MemoryCache {
    var next: UInt16 = 0
    func tensor(_ layer: LayerGeometry) -> CacheTensor {
      let bytes = (0..<layer.elementCount).flatMap { _ -> [UInt8] in
        next += 1
        return GGUFBuilder.little(next)
      }
      return CacheTensor(
        kvHeads: layer.kvHeads, tokens: layer.tokens, headDim: layer.headDim, elementType: .float16, bytes: bytes)
    }
    let layers = description.geometry.layers
    return MemoryCache(description: description, keys: layers.map(tensor), values: layers.map(tensor))
  }

  @Test(arguments: [3, 4] as [UInt32], [0, 12])
  func whatIsWrittenIsReadBack(_ version: UInt32, _ cellExtensionBytes: Int) throws {
    for windows: [Int?] in [[nil, nil, nil], [2, nil, 2], [2, 2, 2]] {
      let description = LlamaStateBuilder.description(
        tokens: 3, firstPositions: windows.map { $0 == nil ? 0 : 1 }, windows: windows)
      let blobCount = windows == [nil, nil, nil] ? 1 : 2
      let format = LlamaStateFormat(
        container: .sequence, version: version, cellExtensionBytes: cellExtensionBytes, blobCount: blobCount)
      let writer = try LlamaStateWriter(description: description, format: format)
      let source = cache(description)
      let path = scratch.file("out.state")
      let file = try AtomicFile(path: path)
      try writer.write(source, to: file)
      try file.commit()

      let state = try LlamaStateFile(path: path)
      #expect(state.file.byteCount == writer.byteCount)
      #expect(state.format == format && state.tokens == [7, 8, 9])
      let reread = try LlamaStateCache(state: state, description: description)
      for layer in windows.indices {
        #expect(try reread.tensor(.key, layer: layer) == source.keys[layer])
        #expect(try reread.tensor(.value, layer: layer) == source.values[layer])
      }
    }
  }

  @Test func agreesWithTheFormatWrittenByHand() throws {
    let builder = LlamaStateBuilder(blobs: [.init(positions: [0, 1, 2], layers: 2)])
    let path = scratch.file("by-hand.state")
    try Data(builder.bytes).write(to: URL(fileURLWithPath: path))
    let description = LlamaStateBuilder.description(tokens: 3, firstPositions: [0, 0], windows: [nil, nil])
    let cache = try LlamaStateCache(state: LlamaStateFile(path: path), description: description)
    let format = LlamaStateFormat(container: .sequence, version: 3)
    let file = try AtomicFile(path: scratch.file("out.state"))
    try LlamaStateWriter(description: description, format: format).write(cache, to: file)
    try file.commit()
    #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == Data(builder.bytes))
  }

  @Test func layersOfOneMemoryMustHoldTheSamePositions() throws {
    let description = LlamaStateBuilder.description(tokens: 3, firstPositions: [0, 1], windows: [nil, nil])
    #expect(throws: LlamaStateError.unevenLayers(layer: 1)) {
      try LlamaStateWriter(description: description, format: LlamaStateFormat(container: .sequence, version: 3))
    }
  }
}
