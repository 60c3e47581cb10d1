import CLlama
import FileIO
import Interchange
import KVCacheModel

extension LlamaSession {
  /// Puts a cache into the session, in place of what it held; the next token is appended at the cache's end.
  ///
  /// Keys that carry the factors of a LongRoPE model that its engine does not take in this context are turned to those
  /// that it does (`RopeTurnedCache`).
  ///
  /// The cache is written as a sequence file into `scratchFolder`, one layer at a time, and loaded by llama.cpp; the
  /// file is removed again. Logits are not part of a cache: they come with the next appended token.
  ///
  /// - Throws: `EngineError.modelMismatch`, `EngineError.cacheMismatch` or `EngineError.contextExceeded` if the cache
  ///   does not fit, before the session changes; what `cache` throws; `FileError` if the file could not be written;
  ///   `EngineError.stateNotLoaded` if llama.cpp refuses it, and the session is empty then.
  public func restore(_ cache: some CacheSource, scratchFolder: String) throws {
    let description = cache.description
    let cache = try fitting(cache)
    let count = description.geometry.layers.map { $0.firstPosition + $0.tokens }.max() ?? 0
    guard count > 0 else { return reset() }

    let temporary = try TemporaryFolder(in: scratchFolder, name: "fkv-state")
    defer { temporary.remove() }
    let path = temporary.file("state")
    let writer = try LlamaStateWriter(description: description, format: stateFormat)
    let file = try AtomicFile(path: path)
    try writer.write(cache, to: file)
    // llama.cpp aborts the process where a file is shorter than what it declares.
    precondition(file.byteCount == writer.byteCount, "a state file of another size than planned")
    try file.commit()

    reset()
    Backend.prepare()
    var loaded = [Int32](repeating: 0, count: max(1, description.tokens?.count ?? 0))
    var loadedCount = 0
    let bytes = llama_state_seq_load_file(
      context, path, Self.sequence, &loaded, loaded.count, &loadedCount)
    guard bytes == writer.byteCount,
      llama_memory_seq_pos_max(llama_get_memory(context), Self.sequence) == Int32(count - 1)
    else {
      let log = Backend.errorLine
      reset()
      throw EngineError.stateNotLoaded(log: log)
    }
    tokens = description.tokens.map { Array($0.prefix(count)) }
    tokenCount = count
  }

  /// The cache, with its keys turned to the session's rotary embeddings if they carry a LongRoPE model's other factors.
  ///
  /// - Throws: the first thing in which it does not fit the session.
  func fitting(_ cache: any CacheSource) throws -> any CacheSource {
    let description = cache.description
    var ropes = description.ropes
    let fingerprint = description.model.fingerprint
    guard model.isOwn(description.model) else {
      throw EngineError.modelMismatch(
        cache: "\(description.model.name) (\(fingerprint))",
        session: "\(model.identity.name) (\(model.identity.fingerprint))")
    }
    let layers = description.geometry.layers
    try expect(layers.count, layout.layers.count, layer: 0, "number of layers")
    let end = layers.map { $0.firstPosition + $0.tokens }.max() ?? 0
    guard end <= contextTokens else { throw EngineError.contextExceeded(tokens: end, context: contextTokens) }
    try model.check(description.tokens ?? [])
    for (index, (layer, own)) in zip(layers, layout.layers).enumerated() {
      try expect(description.keyType, .float16, layer: index, "key type")
      try expect(description.valueType, .float16, layer: index, "value type")
      try expect(layer.kvHeads, own.kvHeads, layer: index, "number of KV heads")
      try expect(layer.headDim, own.headDim, layer: index, "head dimension")
      try expect(layer.slidingWindow, own.slidingWindow, layer: index, "sliding window")
      try expect(layer.firstPosition + layer.tokens, end, layer: index, "end of the cached positions")
      let first = own.slidingWindow.map { max(0, end - $0 + 1) } ?? 0
      guard layer.firstPosition <= first else {
        throw EngineError.cacheMismatch(
          layer: index, what: "first cached position", expected: "\(first) or less", found: "\(layer.firstPosition)")
      }
      let (rope, ownRope) = (description.ropes[layer.ropeIndex], layout.ropes[own.ropeIndex])
      if Self.agree(rope, ownRope) { continue }
      ropes[layer.ropeIndex] = ownRope
      guard let other = layout.otherRopes[own.ropeIndex], Self.agree(rope, other) else {
        throw EngineError.cacheMismatch(
          layer: index, what: "rotary embedding", expected: Self.summary(ownRope), found: Self.summary(rope))
      }
    }
    return ropes == description.ropes ? cache : RopeTurnedCache(cache, ropes: ropes)
  }

  private func expect<Value: Equatable>(_ found: Value, _ expected: Value, layer: Int, _ what: String) throws {
    guard found == expected else {
      throw EngineError.cacheMismatch(layer: layer, what: what, expected: "\(expected)", found: "\(found)")
    }
  }

  /// Whether two embeddings rotate alike: the same pairs, and frequencies and magnitude within 0.1 %, which leaves
  /// room for the Float that foreign files keep them in but not for another scaling.
  private static func agree(_ a: RotaryEmbedding, _ b: RotaryEmbedding) -> Bool {
    func close(_ x: Double, _ y: Double) -> Bool { abs(x - y) <= 1e-3 * max(abs(x), abs(y)) }
    return a.pairing == b.pairing && a.dimensions == b.dimensions && close(a.magnitude, b.magnitude)
      && zip(a.inverseFrequencies, b.inverseFrequencies).allSatisfy(close)
  }

  private static func summary(_ rope: RotaryEmbedding) -> String {
    "\(rope.pairing.name), \(rope.dimensions) dimensions, base \(rope.base), scaling \(rope.scaling), "
      + "magnitude \(rope.magnitude), slowest \(rope.inverseFrequencies.last ?? 0)"
  }
}
