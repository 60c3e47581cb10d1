import KVCacheModel

/// Makes a cache's description of what its file says and what was supplied besides it.
struct FactResolver {
  let facts: ForeignFacts
  let supplied: SuppliedFacts
  let needs: Set<CacheFact>
  private var missing: [CacheFact] = []
  /// What gets a stand-in.
  private var unknown: Set<UnknownFact> = []
  /// What was taken from options, for the provenance.
  private var taken: [String: String] = [:]

  init(facts: ForeignFacts, supplied: SuppliedFacts, needs: Set<CacheFact>) {
    self.facts = facts
    self.supplied = supplied
    self.needs = needs
  }

  /// - Throws: `MissingFacts`, `FactConflict`.
  mutating func description() throws -> CacheDescription {
    try checkModel()
    var layers = try facts.layers.indices.map { try layer($0) }
    let ropes = try ropes(&layers)
    let tokens = try tokens()
    let scale = attentionScale()
    let model = model()
    guard missing.isEmpty else { throw MissingFacts(path: facts.path, facts: missing) }
    var provenance = facts.provenance
    for (name, value) in taken { provenance["supplied.\(name)"] = value }
    if let original = supplied.model?.originalContext {
      provenance[CacheDescription.originalContextKey] = String(original)
    }
    var description = CacheDescription(
      model: model, geometry: CacheGeometry(layers: layers), ropes: ropes, tokens: tokens, keyType: facts.keyType,
      valueType: facts.valueType, attentionScale: scale,
      attentionSoftcap: facts.attentionSoftcap ?? supplied.model?.attentionSoftcap, probeQueries: facts.probeQueries,
      provenance: provenance)
    description.unknown = unknown
    return description
  }

  private mutating func lack(_ fact: CacheFact) {
    switch fact {
    case .queryHeads: unknown.insert(.queryHeads)
    case .rope, .keyPairs: unknown.insert(.rope)
    case .attentionScale: unknown.insert(.attentionScale)
    default: break
    }
    if needs.contains(fact), !missing.contains(fact) { missing.append(fact) }
  }

  private func conflict(_ what: String, _ file: some Any, _ given: some Any) -> FactConflict {
    FactConflict(path: facts.path, what: what, file: "\(file)", supplied: "\(given)")
  }

  // MARK: Model

  private mutating func checkModel() throws {
    guard let model = supplied.model else { return }
    let (own, given) = (facts.model.fingerprint, model.identity.fingerprint)
    guard own.isEmpty || own == given || own == model.formerFingerprint else { throw conflict("model", own, given) }
    let architecture = facts.model.architecture
    if facts.keyConvention == .llamaCpp, !architecture.isEmpty, architecture != model.identity.architecture {
      throw conflict("architecture", architecture, model.identity.architecture)
    }
    guard model.layers.count == facts.layers.count else {
      throw conflict("layers", facts.layers.count, model.layers.count)
    }
    taken["model"] = "\(model.identity.name) (\(given))"
  }

  private mutating func model() -> ModelIdentity {
    if let model = supplied.model { return model.identity }
    var identity = facts.model
    guard identity.architecture.isEmpty else { return identity }
    guard let given = supplied.architecture else {
      lack(.architecture)
      return identity
    }
    identity.architecture = given
    taken["architecture"] = given
    return identity
  }

  private var architecture: String {
    if let model = supplied.model { return model.identity.architecture }
    return facts.model.architecture.isEmpty ? supplied.architecture ?? "" : facts.model.architecture
  }

  // MARK: Layers

  private mutating func layer(_ index: Int) throws -> LayerGeometry {
    let own = facts.layers[index]
    let known = supplied.model?.layers[index]
    for (what, file, given) in [
      ("KV heads", own.kvHeads, known?.kvHeads ?? supplied.kvHeads),
      ("head dimension", own.headDim, known?.headDim ?? supplied.headDim),
    ] {
      if let given, file != given { throw conflict("\(what) of layer \(index)", file, given) }
    }
    let queryHeads = try queryHeads(index)
    return LayerGeometry(
      kvHeads: own.kvHeads, queryHeads: queryHeads, headDim: own.headDim, tokens: own.tokens,
      firstPosition: own.firstPosition, slidingWindow: own.slidingWindow ?? known?.slidingWindow,
      ropeIndex: facts.ropes != nil ? own.ropeIndex : known?.ropeIndex ?? 0)
  }

  private mutating func queryHeads(_ index: Int) throws -> Int {
    let own = facts.layers[index]
    let given = supplied.model?.layers[index].queryHeads ?? supplied.queryHeads
    if let file = own.queryHeads {
      if let given, given != file { throw conflict("query heads of layer \(index)", file, given) }
      return file
    }
    guard let given else {
      lack(.queryHeads)
      return own.kvHeads
    }
    guard given % own.kvHeads == 0 else {
      throw conflict("query heads of layer \(index)", "a multiple of \(own.kvHeads)", given)
    }
    if supplied.model == nil { taken["query_heads"] = String(given) }
    return given
  }

  // MARK: Rotary embedding

  /// The embeddings; what options say of them applies to files that say nothing.
  private mutating func ropes(_ layers: inout [LayerGeometry]) throws -> [RotaryEmbedding] {
    if let own = facts.ropes { return own }
    if let model = supplied.model { return modelRopes(model) }
    guard let pairs = supplied.ropePairs ?? facts.keyConvention?.pairing(architecture: architecture) else {
      lack(supplied.ropeTheta == nil ? .rope : .keyPairs)
      return [.none]
    }
    if pairs == .none {
      taken["rope"] = pairs.name
      return [.none]
    }
    guard let theta = supplied.ropeTheta else {
      lack(.rope)
      return [.none]
    }
    let smallest = layers.map(\.headDim).min() ?? 0
    let dimensions = supplied.ropeDimensions ?? smallest
    guard dimensions % 2 == 0, dimensions <= smallest else {
      throw conflict("rotated dimensions", "an even number up to \(smallest)", dimensions)
    }
    taken["rope"] = "\(pairs.name), \(dimensions) dimensions, base \(theta)"
    return [RotaryEmbedding(pairing: pairs, dimensions: dimensions, base: theta)]
  }

  /// The model's embeddings; of a LongRoPE model with the factors that the keys were rotated with, which the file does not
  /// say: the long ones where it holds more tokens than the short ones are for, else those of the engine's context.
  private mutating func carriedRopes(_ model: ModelFacts) -> [RotaryEmbedding] {
    guard let original = model.originalContext else { return model.ropes }
    let end = facts.layers.map { $0.firstPosition + $0.tokens }.max() ?? 0
    if let context = supplied.engineContext {
      taken["engine_context"] = String(context)
      return model.ropes(carrying: LongRopeFactors.choice(context: max(context, end), originalContext: original))
    }
    if end <= original, !missing.contains(.engineContext) { missing.append(.engineContext) }
    return model.ropes(carrying: .long)
  }

  /// The model's embeddings, with the pairs that this file's keys rotate.
  private mutating func modelRopes(_ model: ModelFacts) -> [RotaryEmbedding] {
    carriedRopes(model).map { rope in
      guard rope.pairing != .none else { return rope }
      var rope = rope
      if let given = supplied.ropePairs {
        taken["rope_pairs"] = given.name
        rope.pairing = given
      } else if facts.keyConvention != .llamaCpp {
        guard let pairing = facts.keyConvention?.pairing(architecture: architecture) else {
          lack(.keyPairs)
          return .none
        }
        rope.pairing = pairing
      }
      return rope
    }
  }

  // MARK: The rest

  private mutating func tokens() throws -> [Int32]? {
    if let own = facts.tokens {
      if let given = supplied.tokens, given != own {
        throw conflict("token ids", "\(own.count) ids of its own", "\(given.count) others")
      }
      return own
    }
    guard let given = supplied.tokens else {
      lack(.tokens)
      return nil
    }
    let held = facts.layers.map(\.tokens).max() ?? 0
    guard given.count >= held else { throw conflict("tokens", held, given.count) }
    taken["tokens"] = "\(given.count) ids"
    return given
  }

  private mutating func attentionScale() -> Float {
    if let own = facts.attentionScale { return own }
    if let model = supplied.model { return model.attentionScale }
    if let given = supplied.attentionScale {
      taken["attention_scale"] = "\(given)"
      return given
    }
    lack(.attentionScale)
    return 1 / Float(facts.layers.first?.headDim ?? 1).squareRoot()
  }
}
