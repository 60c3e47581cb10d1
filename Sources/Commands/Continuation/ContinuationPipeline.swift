import Fidelity
import KVCacheModel
import LlamaEngine

/// `fkv verify --continue`: how a model goes on from a reloaded cache, compared with the full one.
///
/// Both caches are put into fresh contexts of the same model. The same tokens follow in both, in the same batches, and
/// the predictions of each next token are compared as they come, so only one batch of logits is held.
///
/// A cache holds no logits: those for the continuation's first token came from the last cached token's query, which is
/// gone. So the first token is fed and not scored; N tokens give N − 1 scores.
public struct ContinuationPipeline {
  /// The model that both caches must be of.
  public let model: LlamaModel
  /// N token ids that follow the caches.
  public let tokens: [Int32]
  /// The threads that each context computes on.
  public let threads: Int
  /// Where the contexts' sequence files lie for a moment.
  public let scratchFolder: String
  /// The most tokens that cache and continuation may have together; nil takes the context that the model was trained
  /// with.
  public let context: Int?

  /// Takes a continuation of at least two tokens.
  ///
  /// - Throws: `Failure.tooShort` for fewer.
  public init(model: LlamaModel, tokens: [Int32], threads: Int, scratchFolder: String, context: Int? = nil) throws {
    guard tokens.count >= 2 else { throw Failure.tooShort(tokens: tokens.count) }
    self.model = model
    self.tokens = tokens
    self.threads = threads
    self.scratchFolder = scratchFolder
    self.context = context
  }

  /// The predictions over `restored` compared with those over `full`.
  ///
  /// - Parameter progress: called with tokens done and tokens in all.
  /// - Throws: `Failure.contextTooSmall`; `EngineError` if a cache is of another model, with both fingerprints, or does
  ///   not fit it, or if llama.cpp fails; what the sources throw.
  public func run(
    full: some CacheSource, restored: some CacheSource, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> PredictionComparison {
    try checkContext(of: full.description)
    let (reference, candidate) = (
      try session(full, ropesOf: full.description), try session(restored, ropesOf: full.description)
    )
    let vocabulary = model.vocabularySize
    var comparison = PredictionComparison()
    // The last token is a target only.
    let fed = tokens.dropLast()
    var logits: [Float] = []
    logits.reserveCapacity(min(LlamaSession.batchLogits, fed.count) * vocabulary)
    for start in stride(from: 0, to: fed.count, by: LlamaSession.batchLogits) {
      let batch = Array(fed[start..<min(start + LlamaSession.batchLogits, fed.count)])
      logits.removeAll(keepingCapacity: true)
      try reference.append(batch) { _, row in logits.append(contentsOf: row) }
      try logits.withUnsafeBufferPointer { logits in
        try candidate.append(batch) { index, row in
          comparison.add(
            full: UnsafeBufferPointer(rebasing: logits[index * vocabulary..<(index + 1) * vocabulary]),
            restored: row, next: tokens[start + index + 1])
        }
      }
      progress(start + batch.count, fed.count)
    }
    return comparison
  }

  /// Throws `Failure.contextTooSmall` if a cache and the continuation are longer than is allowed.
  func checkContext(of cache: CacheDescription) throws {
    let cached = Self.end(of: cache)
    let limit = context ?? model.trainingContext
    guard cached + tokens.count - 1 <= limit else {
      throw Failure.contextTooSmall(cached: cached, continuation: tokens.count, context: limit)
    }
  }

  /// The context that the model was trained with, if a cache and the continuation are longer.
  func exceededContext(after cache: CacheDescription) -> Int? {
    Self.end(of: cache) + tokens.count - 1 > model.trainingContext ? model.trainingContext : nil
  }

  /// The position of the first token after a cache.
  private static func end(of cache: CacheDescription) -> Int {
    cache.geometry.layers.map { $0.firstPosition + $0.tokens }.max() ?? 0
  }

  /// A context that holds a cache and has room for the continuation, with the rotary factors of `reference`.
  private func session(_ cache: some CacheSource, ropesOf reference: CacheDescription) throws -> LlamaSession {
    let session = try LlamaSession(
      model: model, contextTokens: Self.end(of: cache.description) + tokens.count - 1, threads: threads,
      ropeContext: context ?? model.ropeContext(of: reference))
    try session.restore(cache, scratchFolder: scratchFolder)
    return session
  }
}
