import FileIO
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

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

  private func write(_ source: any CacheSource, _ format: any CacheFormat, _ cells: LlamaCellLayout = LlamaCellLayout())
    throws -> [ConversionLoss]
  {
    var options = WriteOptions()
    options.cells = cells
    return try format.write(source, to: scratch.file("o"), options: options) { _ in }
  }

  private func reread(_ format: any CacheFormat) throws -> any ForeignCache {
    var supplied = SuppliedFacts()
    supplied.kvHeads = 2
    return try format.open(scratch.file("o"), supplied: supplied)
  }

  /// A session lists one token that it does not cache, which llama.cpp's programs compute first.
  @Test func sessionsLeaveTheLastTokenOpen() throws {
    let format = LlamaSessionFormat()
    var source = cache(LlamaStateBuilder.description(tokens: 3, firstPositions: [0, 0], windows: [nil, nil]))
    #expect(try write(source, format).map(\.kind) == [.dropped])
    var state = try LlamaStateFile(path: scratch.file("o"))
    #expect(state.tokens == [7, 8, 9] && state.memories[0][0].positions == [0, 1] && state.architecture == "test")
    // Read and written again, nothing is left out any more.
    let again = try reread(format)
    #expect(again.facts.tokens == [7, 8] && again.facts.layers[1].tokens == 2)
    #expect(try again.tensor(.value, layer: 1) == source.values[1].rows(0..<2))
    #expect(again.facts.provenance["source.next_token"] == "9 at 2")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: scratch.file("o")))
    let described = try DescribedCache(again, supplied: SuppliedFacts(), needs: [])
    #expect(try collect(described).values == source.values.map { $0.rows(0..<2) })
    let kept = try collect(described)
    #expect(try write(kept, format) == [])
    #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.file("o"))) == bytes)
    // A cache that has grown since has another next token.
    source.description.provenance["source.next_token"] = "9 at 2"
    #expect(try write(source, format).count == 1)
    // Without tokens there is nothing to compute anew.
    source.description.tokens = nil
    #expect(
      try write(source, format).map(\.what) == ["token ids are unknown: llama.cpp's programs will not reuse the file"])
    state = try LlamaStateFile(path: scratch.file("o"))
    #expect(state.tokens == [] && state.memories[0][0].positions == [0, 1, 2])
  }

  @Test func transposedValues() throws {
    let source = cache(LlamaStateBuilder.description(tokens: 3, firstPositions: [0, 1], windows: [nil, 2]))
    _ = try write(source, LlamaSequenceFormat(), LlamaCellLayout(transposesValues: true))
    let state = try LlamaStateFile(path: scratch.file("o"))
    #expect(state.memories.allSatisfy { $0[0].values.allSatisfy(\.isTransposed) })
    let reread = try LlamaStateCache(state: state, description: source.description)
    for layer in 0..<2 {
      #expect(try reread.tensor(.key, layer: layer) == source.keys[layer])
      #expect(try reread.tensor(.value, layer: layer) == source.values[layer])
    }
  }

  @Test func quantisedCellsAreRotatedAsLlamaDoes() throws {
    for (dim, rotation) in [
      (64, LlamaCellRotation(key: 64, value: 64)), (128, .init(key: 128, value: 64)), (32, .none),
    ] {
      let source = SyntheticCache.make(layers: 2, kvHeads: 2, tokens: 5, headDim: dim, probe: 0, elementType: .float32)
      _ = try write(source, LlamaSequenceFormat(), LlamaCellLayout(keyType: .q80, valueType: .q80))
      #expect(try LlamaStateFile(path: scratch.file("o")).memories[0][0].rotation == rotation)
      let found = try reread(LlamaSequenceFormat())
      for layer in 0..<2 {
        let (x, y) = (source.keys[layer].decodedElements, try found.tensor(.key, layer: layer).decodedElements)
        // Half a step of each block's largest number, which no rotation makes longer than the head's norm.
        for head in stride(from: 0, to: x.count, by: dim) {
          let norm = x[head..<head + dim].reduce(0) { $0 + $1 * $1 }.squareRoot()
          let lost = (head..<head + dim).reduce(Float(0)) { $0 + (x[$1] - y[$1]) * (x[$1] - y[$1]) }.squareRoot()
          #expect(lost <= norm * Float(dim).squareRoot() * (0.5 / 127 + 0x1p-11))
        }
      }
    }
    // Keys alone.
    let source = SyntheticCache.make(tokens: 5, headDim: 64, probe: 0)
    _ = try write(source, LlamaSequenceFormat(), LlamaCellLayout(keyType: .q40))
    #expect(try LlamaStateFile(path: scratch.file("o")).memories[0][0].rotation == LlamaCellRotation(key: 64, value: 0))
    #expect(try reread(LlamaSequenceFormat()).tensor(.value, layer: 0) == source.values[0])
  }

  @Test func cellsThatCannotBe() throws {
    let source = SyntheticCache.make(tokens: 5, headDim: 16, probe: 0)
    func error(_ cells: LlamaCellLayout) -> LlamaStateError? {
      do { _ = try write(source, LlamaSequenceFormat(), cells) } catch { return error as? LlamaStateError }
      return nil
    }
    let wide = error(LlamaCellLayout(keyType: .q80))
    #expect(wide == .unsuitableCells(layer: 0, kind: .key, type: .q80, headDim: 16, isTransposed: false))
    #expect(wide?.description == "keys of layer 0 have 16 dimensions, which q8_0 has no whole blocks for")
    #expect(error(LlamaCellLayout(valueType: .iq4NL))?.description.contains("no whole blocks") == false)
    let other = SyntheticCache.make(tokens: 5, headDim: 32, probe: 0)
    #expect(
      throws: LlamaStateError.unsuitableCells(layer: 0, kind: .value, type: .q80, headDim: 32, isTransposed: true)
    ) {
      try write(other, LlamaSequenceFormat(), LlamaCellLayout(valueType: .q80, transposesValues: true))
    }
    #expect(scratch.names.isEmpty)
  }
}
