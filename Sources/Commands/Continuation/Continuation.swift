import Foundation
import KVCacheModel
import LlamaEngine

/// What `fkv verify` is to go on with from a cache, and in which model.
public struct Continuation: Sendable {
  /// The GGUF file.
  public var model: String
  /// The text that follows the prompt, or the prompt and what follows it.
  public var text: String
  /// Whether `text` begins with the prompt, which is then left away.
  public var beginsWithPrompt = false
  /// The most tokens to take; nil takes all.
  public var maxTokens: Int?
  /// The most tokens that cache and continuation may have; nil takes the context that the model was trained with.
  public var context: Int?
  /// The threads that each context computes on.
  public var threads: Int

  public init(model: String, text: String, threads: Int) {
    self.model = model
    self.text = text
    self.threads = threads
  }

  /// Loads the model and finds the tokens that follow a cache.
  ///
  /// - Throws: `ContinuationPipeline.Failure`; `EngineError` and `GGUFError` for a model that cannot be used,
  ///   `EngineError.modelMismatch` for another one than the cache's.
  func pipeline(after cache: CacheDescription) throws -> ContinuationPipeline {
    let model = try LlamaModel(path: model, for: cache)
    var tokens = try model.tokenize(text, addSpecial: beginsWithPrompt)
    if beginsWithPrompt {
      guard let prompt = cache.tokens else { throw ContinuationPipeline.Failure.unknownPrompt }
      let common = zip(prompt, tokens).prefix { $0 == $1 }.count
      guard common == prompt.count else { throw ContinuationPipeline.Failure.otherPrompt(token: common) }
      tokens.removeFirst(prompt.count)
    }
    let pipeline = try ContinuationPipeline(
      model: model, tokens: Array(tokens.prefix(maxTokens ?? tokens.count)), threads: threads,
      scratchFolder: FileManager.default.temporaryDirectory.path, context: context)
    try pipeline.checkContext(of: cache)
    return pipeline
  }
}
