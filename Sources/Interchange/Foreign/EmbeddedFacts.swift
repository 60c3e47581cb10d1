import KVCacheModel

/// The description of a cache as texts in another program's metadata, so that reading it back asks for nothing.
///
/// Two texts: the metadata of a capture (formats/capture.md) as one JSON object, and the token ids as a JSON list.
struct EmbeddedFacts {
  /// The name of the text with the description.
  static let descriptionKey = "fkv"
  /// Within the description, the facts that are left out since they were unknown, separated by spaces.
  static let unknownKey = "unknown"
  /// The name of the text with the token ids.
  static let tokensKey = "tokens"

  /// The text under `descriptionKey`.
  ///
  /// - Throws: `CaptureError.value` for numbers that a capture cannot hold.
  static func descriptionText(_ description: CacheDescription, path: String) throws -> String {
    var description = description
    description.probeQueries = 0
    var texts = try CaptureMetadata.texts(of: description, probeFirstPosition: 0, path: path)
    // A stand-in must not be read as a fact.
    if !description.unknown.isEmpty {
      texts[unknownKey] = description.unknown.map(\.rawValue).sorted().joined(separator: " ")
      for fact in description.unknown {
        for key in texts.keys where key == fact.rawValue || fact == .rope && isRope(key) { texts[key] = nil }
      }
    }
    return objectText(texts)
  }

  /// Texts as a JSON object, sorted by name.
  static func objectText(_ texts: [String: String]) -> String {
    let members = texts.sorted { $0.key < $1.key }.map {
      "\(SafetensorsWriter.quote($0.key)):\(SafetensorsWriter.quote($0.value))"
    }
    return "{\(members.joined(separator: ","))}"
  }

  /// The geometry that `text` describes, of a file with so many layers.
  static func geometry(_ text: String, layers: Int, path: String) throws -> CacheGeometry {
    try described(by: text, layers: layers, path: path).geometry
  }

  /// What `text` says, unless it says it of more layers than the file has: a short text must not ask for the memory of
  /// many.
  private static func described(by text: String, layers: Int, path: String) throws -> CaptureFacts {
    var texts = try object(text, path: path)
    // Stand-ins for what is left out; `add` takes none of them over.
    let unknown = unknownFacts(texts)
    if unknown.contains(.queryHeads) { texts[CaptureKey.queryHeads] = texts[CaptureKey.kvHeads] }
    if unknown.contains(.attentionScale) { texts[CaptureKey.attentionScale] = "1" }
    if unknown.contains(.rope) {
      texts = texts.filter { !isRope($0.key) }
      texts[CaptureKey.ropes] = "1"
      for (field, value) in [
        ("pairing", RotaryEmbedding.Pairing.none.name), ("dimensions", "0"), ("base", "1"), ("scaling", "none"),
        ("magnitude", "1"), ("inverse_frequencies", "[]"),
      ] { texts[CaptureKey.rope(0, field)] = value }
    }
    return try CaptureMetadata(path: path, texts: texts).facts { said throws(CaptureError) in
      guard said > layers else { return }
      throw .value(path: path, key: CaptureKey.layers, expected: "the \(layers) of the tensors", found: String(said))
    }
  }

  /// The facts that a description says are unknown.
  private static func unknownFacts(_ texts: [String: String]) -> Set<UnknownFact> {
    Set((texts[unknownKey] ?? "").split(separator: " ").compactMap { UnknownFact(rawValue: String($0)) })
  }

  /// Whether a key of a capture's metadata says something of rotary embeddings.
  private static func isRope(_ key: String) -> Bool {
    key == CaptureKey.ropes || key == CaptureKey.ropeIndex || key.hasPrefix("rope.")
  }

  /// The text under `tokensKey`.
  static func tokensText(_ tokens: [Int32]) -> String { "[\(tokens.map(String.init).joined(separator: ","))]" }

  /// Adds to `facts` what a description in `text` says: model, query heads, windows, embeddings, scale, provenance.
  ///
  /// Token counts stay those of the file, since whoever loaded it may have gone on and saved it again; first positions
  /// are taken where all counts agree.
  ///
  /// - Throws: `CaptureError` for metadata that no capture has, `ForeignError.invalid` if they are of a cache with other
  ///   heads or dimensions.
  static func add(_ text: String, to facts: inout ForeignFacts) throws {
    let path = facts.path
    let unknown = unknownFacts(try object(text, path: path))
    let said = try described(by: text, layers: facts.layers.count, path: path)
    let layers = said.geometry.layers
    guard
      layers.count == facts.layers.count,
      zip(layers, facts.layers).allSatisfy({ $0.kvHeads == $1.kvHeads && $0.headDim == $1.headDim })
    else {
      throw ForeignError.invalid(
        path: path, what: "metadata \"\(descriptionKey)\"", expected: "the heads and dimensions of the tensors",
        found: "those of another cache")
    }
    let isAsWritten = layers.map(\.tokens) == facts.layers.map(\.tokens)
    for (index, layer) in layers.enumerated() {
      if isAsWritten { facts.layers[index].firstPosition = layer.firstPosition }
      if !unknown.contains(.queryHeads) { facts.layers[index].queryHeads = layer.queryHeads }
      facts.layers[index].ropeIndex = layer.ropeIndex
      facts.layers[index].slidingWindow = layer.slidingWindow ?? facts.layers[index].slidingWindow
    }
    facts.model = said.model
    // Without embeddings only the program's convention says how keys lie.
    if !unknown.contains(.rope) {
      facts.ropes = said.ropes
      facts.keyConvention = nil
    }
    if !unknown.contains(.attentionScale) { facts.attentionScale = said.attentionScale }
    facts.attentionSoftcap = said.attentionSoftcap
    facts.provenance.merge(said.provenance) { own, _ in own }
  }

  /// Adds the token ids in `text`, unless they are fewer than the file caches: then somebody went on without them.
  ///
  /// - Throws: `ForeignError.invalid` for anything but a list of 32-bit integers.
  static func addTokens(_ text: String, to facts: inout ForeignFacts) throws {
    let tokens = try tokens(text, path: facts.path)
    if tokens.count >= facts.layers.map(\.tokens).max() ?? 0 { facts.tokens = tokens }
  }

  /// The token ids in `text`.
  static func tokens(_ text: String, path: String) throws -> [Int32] {
    var cursor = JSONCursor(Array(text.utf8))
    var tokens: [Int32] = []
    do {
      try cursor.expect("[")
      if !cursor.take("]") {
        repeat {
          let found = try cursor.number()
          guard let token = Int32(found) else { throw cursor.failure("a 32-bit integer") }
          tokens.append(token)
        } while cursor.take(",")
        try cursor.expect("]")
      }
      try cursor.end()
    } catch {
      throw ForeignError.invalid(
        path: path, what: "metadata \"\(tokensKey)\"", expected: "a JSON list of token ids", found: text)
    }
    return tokens
  }

  /// The texts of a JSON object.
  static func object(_ text: String, path: String) throws -> [String: String] {
    var cursor = JSONCursor(Array(text.utf8))
    var members: [String: String] = [:]
    do {
      try cursor.expect("{")
      if !cursor.take("}") {
        repeat {
          let name = try cursor.string()
          try cursor.expect(":")
          guard members.updateValue(try cursor.string(), forKey: name) == nil else {
            throw cursor.failure("another name")
          }
        } while cursor.take(",")
        try cursor.expect("}")
      }
      try cursor.end()
    } catch {
      throw ForeignError.invalid(
        path: path, what: "metadata \"\(descriptionKey)\"", expected: "a JSON object of texts", found: text)
    }
    return members
  }
}
