import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// What a state file leaves open, and how it is asked for.
struct LlamaStateReadingTests {
  private let scratch = ScratchFolder()
  private var path: String { scratch.file("a.state") }

  private func open(_ builder: LlamaStateBuilder, _ supplied: SuppliedFacts) throws -> any ForeignCache {
    try Data(builder.bytes).write(to: URL(fileURLWithPath: path))
    return try LlamaSequenceFormat().open(path, supplied: supplied)
  }

  private func heads(_ count: Int? = nil, _ dim: Int? = nil) -> SuppliedFacts {
    var supplied = SuppliedFacts()
    supplied.kvHeads = count
    supplied.headDim = dim
    return supplied
  }

  private let plain = LlamaStateBuilder(blobs: [.init(positions: [0, 1, 2], layers: 2)])

  @Test func headsComeFromOptions() throws {
    for supplied in [heads(2), heads(nil, 2), heads(2, 2)] {
      let facts = try open(plain, supplied).facts
      #expect(facts.layers.allSatisfy { $0.kvHeads == 2 && $0.headDim == 2 && $0.tokens == 3 })
      #expect(facts.tokens == [7, 8, 9] && facts.keyConvention == .llamaCpp && !facts.isQuantised)
      #expect(facts.provenance["source.version"] == "3" && facts.provenance["source.key_type"] == "f16")
    }
    #expect(throws: MissingFacts(path: path, facts: [.headDim])) { try open(plain, heads()) }
    for (supplied, text) in [(heads(3), "3 × ?"), (heads(2, 3), "2 × 3"), (heads(nil, 8), "? × 8")] {
      let conflict = FactConflict(path: path, what: "heads × head dimension of layer 0", file: "4", supplied: text)
      #expect(throws: conflict) { try open(plain, supplied) }
    }
  }

  @Test func slidingLayersNeedTheModel() throws {
    let two = LlamaStateBuilder(blobs: [
      .init(positions: [0, 1, 2], layers: 1), .init(positions: [1, 2], layers: 2),
    ])
    #expect(throws: MissingFacts(path: path, facts: [.slidingLayers])) { try open(two, heads(2)) }
    func model(_ windows: [Int?]) -> SuppliedFacts {
      var supplied = SuppliedFacts()
      supplied.model = ModelFacts(
        identity: ModelIdentity(name: "", architecture: "gemma3", fingerprint: "1"),
        layers: windows.map { LayerGeometry(kvHeads: 2, queryHeads: 4, headDim: 2, tokens: 0, slidingWindow: $0) },
        ropes: [.none], attentionScale: 1, attentionSoftcap: nil)
      return supplied
    }
    let facts = try open(two, model([2, nil, 2])).facts
    #expect(facts.layers.map(\.tokens) == [2, 3, 2] && facts.layers.map(\.firstPosition) == [1, 0, 1])
    #expect(throws: FactConflict(path: path, what: "layers", file: "3", supplied: "2")) {
      try open(two, model([2, nil]))
    }
    #expect(
      throws: LlamaStateError.layerMismatch(
        path: path, layer: 1, what: "layers with keys and values in memory 0", expected: 2, found: 1)
    ) { try open(two, model([nil, nil, 2])) }
  }

  @Test func oneOfSeveralSequencesIsChosen() throws {
    // Cell 0 belongs to sequence 0; cells 1 and 2 to sequence 1.
    let builder = LlamaStateBuilder(blobs: [.init(positions: [0, 1, 0], sequences: [0, 1, 1], layers: 2)])
    var supplied = heads(2)
    #expect(throws: LlamaStateError.severalSequences(path: path, sequences: [0, 1])) { try open(builder, supplied) }
    supplied.sequence = 1
    let cache = try open(builder, supplied)
    #expect(cache.facts.layers[0].tokens == 2 && cache.facts.tokens == nil && cache.facts.losses.count == 1)
    let keys = try cache.tensor(.key, layer: 1)
    let single = try open(
      LlamaStateBuilder(blobs: [.init(positions: [0, 1], layers: 2, streams: 3, stream: 2)]), heads(2))
    #expect(try keys == single.tensor(.key, layer: 1))
    supplied.sequence = 7
    #expect(throws: LlamaStateError.noSuchSequence(path: path, wanted: 7, sequences: [0, 1])) {
      try open(builder, supplied)
    }
  }

  @Test func tokensThatAreNotThoseOfTheCells() throws {
    var builder = plain
    builder.tokens = [7, 8]
    #expect(try open(builder, heads(2)).facts.tokens == nil)
    #expect(try open(builder, heads(2)).facts.losses.map(\.kind) == [.dropped])
    builder.tokens = [7, 8, 9, 10]
    #expect(try open(builder, heads(2)).facts.tokens == [7, 8, 9])
    builder.tokens = [-1, 1, 3, 7, 8, 9, 0]
    #expect(try open(builder, heads(2)).facts.tokens == [7, 8, 9])
    builder.tokens = [-1, 1, 9, 0]
    #expect(throws: LlamaStateError.invalidTokens(path: path)) { try open(builder, heads(2)) }
    builder.tokens = []
    #expect(try open(builder, heads(2)).facts.tokens == nil)
    #expect(try open(builder, heads(2)).facts.losses.isEmpty)
  }

  @Test func whatHoldsNothing() throws {
    #expect(throws: LlamaStateError.empty(path: path)) {
      try open(LlamaStateBuilder(blobs: [.init(positions: [], layers: 0)]), heads(2))
    }
    let type = LlamaStateBuilder(blobs: [.init(positions: [0], layers: 1, type: 31)])
    #expect(throws: LlamaStateError.unsupportedType(path: path, layer: 0, kind: .key, code: 31)) {
      try open(type, heads(2))
    }
  }

  /// A rotation that the file states is undone whatever the type of its cells.
  @Test func aStatedRotationIsUndone() throws {
    let rotated = LlamaStateBuilder(version: 4, blobs: [.init(positions: [0, 1], layers: 1, rotation: (2, 0))])
    let still = LlamaStateBuilder(version: 4, blobs: [.init(positions: [0, 1], layers: 1, rotation: (0, 0))])
    let (turned, plain) = (try open(rotated, heads(2)), try open(still, heads(2)))
    #expect(turned.facts.keyType == .float32 && turned.facts.valueType == .float16 && turned.facts.isQuantised)
    let (x, y) = (try turned.tensor(.key, layer: 0).decodedElements, try plain.tensor(.key, layer: 0).decodedElements)
    let half = Float(0.5).squareRoot()
    for pair in stride(from: 0, to: x.count, by: 2) {
      #expect(abs(x[pair] - (y[pair] + y[pair + 1]) * half) <= 0x1p-20 * abs(x[pair]))
      #expect(abs(x[pair + 1] - (y[pair] - y[pair + 1]) * half) <= 0x1p-20 * abs(x[pair]))
    }
    // A rotation that no head has room for.
    let wide = LlamaStateBuilder(version: 4, blobs: [.init(positions: [0, 1], layers: 1, rotation: (4, 0))])
    #expect(
      throws: LlamaStateError.layerMismatch(
        path: path, layer: 0, what: "rest of keys over their rotation", expected: 0, found: 2)
    ) { try open(wide, heads(2)) }
    for size: UInt32 in [3, 1 << 17] {
      let odd = LlamaStateBuilder(version: 4, blobs: [.init(positions: [0, 1], layers: 1, rotation: (size, 0))])
      #expect(throws: LlamaStateError.invalidField(path: path, what: "n_rot_k", offset: 64, found: UInt64(size))) {
        try open(odd, heads(2))
      }
    }
  }
}
