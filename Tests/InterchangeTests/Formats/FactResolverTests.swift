import Interchange
import KVCacheModel
import TestSupport
import Testing

/// What the file says, what was supplied, and what is missing.
struct FactResolverTests {
  /// A file that knows shapes and numbers only.
  private struct Bare: ForeignCache {
    var facts: ForeignFacts
    var cache: MemoryCache

    init(_ convention: KeyConvention?) {
      cache = SyntheticCache.make(layers: 2, kvHeads: 2, groupSize: 3, tokens: 5, headDim: 8, probe: 0)
      facts = ForeignFacts(
        path: "f", format: "test", layers: Array(repeating: .init(kvHeads: 2, headDim: 8, tokens: 5), count: 2),
        keyType: .float16, valueType: .float16, keyConvention: convention)
    }

    func tensor(_ kind: CacheKind, layer: Int) -> CacheTensor { cache.tensor(kind, layer: layer) }
  }

  private let all = CaptureFormat().needs

  private func description(
    _ bare: Bare = Bare(.transformers), needs: Set<CacheFact>, _ supply: (inout SuppliedFacts) -> Void = { _ in }
  ) throws -> CacheDescription {
    var supplied = SuppliedFacts()
    supply(&supplied)
    return try DescribedCache(bare, supplied: supplied, needs: needs).description
  }

  private func model(_ architecture: String = "llama", kvHeads: Int = 2, layers: Int = 2) -> ModelFacts {
    ModelFacts(
      identity: ModelIdentity(name: "m", architecture: architecture, fingerprint: "ab"),
      layers: Array(
        repeating: LayerGeometry(kvHeads: kvHeads, queryHeads: 6, headDim: 8, tokens: 0, slidingWindow: 4),
        count: layers),
      ropes: [RotaryEmbedding(pairing: .interleaved, dimensions: 8, base: 10)], attentionScale: 0.5,
      attentionSoftcap: 30)
  }

  @Test func missingFactsAreAskedForTogether() throws {
    #expect(throws: MissingFacts(path: "f", facts: [.queryHeads, .rope, .attentionScale])) {
      try description(needs: all)
    }
    #expect(throws: MissingFacts(path: "f", facts: [.tokens, .architecture])) {
      try description(needs: [.tokens, .architecture])
    }
    let text = "\(MissingFacts(path: "f", facts: [.queryHeads, .tokens]))"
    #expect(
      text == "f: the file does not say the number of query heads (give --model or --query-heads); "
        + "nor the token ids (give --tokens)")
    for fact in CacheFact.allCases { #expect(fact.options.hasPrefix("--") && !fact.title.isEmpty) }
    // What is not needed is left open.
    let open = try description(needs: [])
    #expect(open.ropes == [.none] && open.tokens == nil && open.geometry.layers[0].groupSize == 1)
    #expect(open.provenance.isEmpty)
  }

  @Test func optionsAreRecorded() throws {
    let known = try description(needs: all.union([.tokens, .architecture])) {
      $0.queryHeads = 6
      $0.architecture = "llama"
      $0.ropeTheta = 100
      $0.attentionScale = 0.25
      $0.tokens = [1, 2, 3, 4, 5]
    }
    #expect(known.geometry.layers[1].queryHeads == 6 && known.attentionScale == 0.25)
    // The architecture says which pairs Transformers rotates.
    #expect(known.ropes == [RotaryEmbedding(pairing: .halfSplit, dimensions: 8, base: 100)])
    #expect(
      known.provenance == [
        "supplied.query_heads": "6", "supplied.architecture": "llama", "supplied.attention_scale": "0.25",
        "supplied.tokens": "5 ids", "supplied.rope": "half-split, 8 dimensions, base 100.0",
      ])
    let partial = try description(needs: [.rope]) {
      ($0.ropeTheta, $0.ropePairs, $0.ropeDimensions) = (100, .interleaved, 4)
    }
    #expect(partial.ropes == [RotaryEmbedding(pairing: .interleaved, dimensions: 4, base: 100)])
    let none = try description(needs: [.rope]) { $0.ropePairs = RotaryEmbedding.Pairing.none }
    #expect(none.ropes == [.none] && none.provenance["supplied.rope"] == "none")
    #expect(throws: MissingFacts(path: "f", facts: [.keyPairs])) {
      try description(needs: all.subtracting([.queryHeads, .attentionScale])) { $0.ropeTheta = 100 }
    }
  }

  @Test func aModelSuppliesEverything() throws {
    let known = try description(needs: all) { $0.model = model() }
    #expect(known.model.fingerprint == "ab" && known.attentionSoftcap == 30 && known.attentionScale == 0.5)
    #expect(known.geometry.layers.allSatisfy { $0.queryHeads == 6 && $0.slidingWindow == 4 })
    // llama.cpp's pairs for the model, Transformers' for the file.
    #expect(known.ropes == [RotaryEmbedding(pairing: .halfSplit, dimensions: 8, base: 10)])
    #expect(known.provenance == ["supplied.model": "m (ab)"])
    let own = try description(Bare(.llamaCpp), needs: all) { $0.model = model() }
    #expect(own.ropes[0].pairing == .interleaved)
    // Which pairs programs rotate in an unknown architecture is not guessed.
    #expect(throws: MissingFacts(path: "f", facts: [.keyPairs])) {
      try description(needs: all) { $0.model = model("new") }
    }
    #expect(try description(needs: []) { $0.model = model("new") }.ropes == [.none])
    let told = try description(needs: all) {
      $0.model = model("new")
      $0.ropePairs = .interleaved
    }
    #expect(told.ropes[0].pairing == .interleaved)
  }

  /// Which of a LongRoPE model's factors keys carry follows from the engine's context, which llama.cpp rounds up to 256,
  /// or from the number of tokens where only the long ones allow it.
  @Test func theEnginesContextDecidesLongRope() throws {
    func rope(_ scaling: String, _ base: Double) -> RotaryEmbedding {
      var rope = RotaryEmbedding(pairing: .interleaved, dimensions: 8, base: base)
      rope.scaling = scaling
      return rope
    }
    func described(_ context: Int?, end: Int = 5, architecture: String = "llama") throws -> CacheDescription {
      var facts = model(architecture)
      (facts.ropes, facts.otherRopes) = ([rope("longrope-short", 10)], [rope("longrope-long", 20)])
      facts.originalContext = 512
      var bare = Bare(.llamaCpp)
      for layer in 0..<2 { bare.facts.layers[layer].firstPosition = end - 5 }
      return try description(bare, needs: []) { ($0.model, $0.engineContext) = (facts, context) }
    }
    for (context, end, scaling) in [
      (1, 5, "longrope-short"), (512, 5, "longrope-short"), (513, 5, "longrope-long"), (4096, 5, "longrope-long"),
      // A context that is too small for the tokens cannot be meant.
      (256, 513, "longrope-long"), (256, 512, "longrope-short"),
    ] as [(Int, Int, String)] {
      let known = try described(context, end: end)
      #expect(known.ropes.map(\.scaling) == [scaling], "\(context), \(end)")
      #expect(known.provenance["supplied.engine_context"] == String(context))
      #expect(known.provenance[CacheDescription.originalContextKey] == "512")
    }
    // Asked for whatever the target needs, where it decides.
    #expect(throws: MissingFacts(path: "f", facts: [.engineContext])) { try described(nil) }
    #expect(throws: MissingFacts(path: "f", facts: [.engineContext])) { try described(nil, end: 512) }
    let long = try described(nil, end: 513)
    #expect(long.ropes.map(\.scaling) == ["longrope-long"] && long.provenance["supplied.engine_context"] == nil)
    // Of another model it says nothing.
    let plain = try description(Bare(.llamaCpp), needs: []) { ($0.model, $0.engineContext) = (model(), 4096) }
    #expect(plain.ropes == [RotaryEmbedding(pairing: .interleaved, dimensions: 8, base: 10)])
    #expect(plain.provenance == ["supplied.model": "m (ab)"])
  }

  @Test func whatIsSuppliedMustFit() throws {
    func conflict(_ bare: Bare = Bare(.transformers), _ supply: (inout SuppliedFacts) -> Void) -> FactConflict? {
      do { _ = try description(bare, needs: [], supply) } catch { return error as? FactConflict }
      return nil
    }
    #expect(conflict { $0.model = model(kvHeads: 3) }?.what == "KV heads of layer 0")
    #expect(conflict { $0.model = model(layers: 3) }?.what == "layers")
    #expect(conflict { $0.kvHeads = 3 }?.what == "KV heads of layer 0")
    #expect(conflict { $0.headDim = 3 }?.what == "head dimension of layer 0")
    #expect(conflict { $0.queryHeads = 3 }?.what == "query heads of layer 0")
    #expect(conflict { $0.tokens = [1] }?.what == "tokens")
    #expect(
      conflict { ($0.ropeTheta, $0.ropePairs, $0.ropeDimensions) = (1, .halfSplit, 9) }?.what == "rotated dimensions")
    var bare = Bare(.llamaCpp)
    bare.facts.model.architecture = "qwen2"
    #expect(conflict(bare) { $0.model = model() }?.what == "architecture")
    bare = Bare(nil)
    bare.facts.model.fingerprint = "cd"
    #expect(conflict(bare) { $0.model = model() }?.what == "model")
    bare.facts.tokens = [1, 2, 3, 4, 5]
    #expect(conflict(bare) { $0.tokens = [1, 2, 3, 4, 6] }?.what == "token ids")
    bare.facts.layers[1].queryHeads = 4
    #expect(conflict(bare) { $0.queryHeads = 6 }?.what == "query heads of layer 1")
  }

  @Test func aCaptureSaysEverythingItself() throws {
    let scratch = ScratchFolder()
    let cache = SyntheticCache.make(slidingWindow: 10)
    let format = CaptureFormat()
    #expect(try format.write(cache, to: scratch.file("c"), options: WriteOptions()) { _ in } == [])
    #expect(format.recognises(try FormatItem(path: scratch.file("c"))))
    let supplied = SuppliedFacts()
    let described = try DescribedCache(
      format.open(scratch.file("c"), supplied: supplied), supplied: supplied, needs: all)
    #expect(described.description == cache.description && described.keyConvention == nil)
    #expect(try described.probeQueries(layer: 1) == cache.queries[1])
    #expect(try described.tensor(.value, layer: 1) == cache.values[1])
  }
}
