import FKVFormat
import FileIO
import Interchange
import KVCacheModel
import LlamaEngine

/// `fkv capture`: a prompt in, its full KV cache out.
public struct CapturePipeline: Sendable {
  /// The prompt's text; passed over where `tokenIDs` are given.
  public var prompt: String
  /// The prompt's token ids, taken as they are; nil takes `prompt`. Only with `chat` off.
  public var tokenIDs: [Int32]?
  /// Whether the names of control tokens in `prompt` become those tokens. Only with `chat` off.
  public var parsesControl = false
  /// The GGUF file.
  public var model: String
  /// The capture to write.
  public var output: String
  /// P, how many of the last positions' queries to keep.
  public var probeQueries = 128
  /// The most tokens to allow; nil takes the context that the model was trained with. A model that takes other rotary
  /// factors in longer contexts takes those of this one; without it, those of the prompt's length.
  public var context: Int?
  /// Where to cut the prompt, in tokens from its start; nil takes all of it.
  public var maxTokens: Int?
  /// Whether the prompt becomes a user's message in the model's chat template.
  public var chat = CapturedChat.off
  /// The system message before it; nil for none. Not with `chat` off.
  public var system: String?
  /// Whether the prompt's token ids go into the capture.
  public var includesTokens = true
  /// A cache that holds the prompt's first tokens, an `.fkv` or a capture: only what follows is prefilled, and the output
  /// holds both. nil prefills everything.
  public var beginning: String?
  /// Whether prompt or ids are only what follows `beginning`, not the whole text. Only with `chat` off.
  public var isFollowing = false
  /// The basis file, if `beginning` needs one; nil looks in the cache folder.
  public var basisFile: String?
  /// The key of an encrypted `beginning`, and of an `.fkv` that is written.
  public var key: FileKey?
  public var threads: Int

  public init(prompt: String, model: String, output: String, threads: Int) {
    self.prompt = prompt
    self.model = model
    self.output = output
    self.threads = threads
  }

  /// What a run reports.
  public struct Report: Sendable {
    public var description: CacheDescription
    public var fileBytes: Int
    public var prefillSeconds: Double
    /// Tokens that were prefilled: all, or those that follow `beginning`.
    public var prefilledTokens: Int
    /// The context that the model was trained with, if the prompt is longer.
    public var exceededContext: Int?
    /// The control tokens that the prompt names and that went in as plain text; empty where they were asked for, and
    /// for a prompt in the model's chat template.
    public var plainControlTexts: [String]
  }

  /// Runs the prefill and writes the capture, which appears whole or not at all.
  ///
  /// - Parameter progress: called with tokens done and tokens in all.
  /// - Throws: what is wrong with model, prompt or output; with a `beginning`, `GrowthFailure` if the prompt does not go
  ///   on from it, and what is wrong with the file.
  public func run(progress: (Int, Int) -> Void = { _, _ in }) throws -> Report {
    if let beginning { return try run(continuing: beginning, progress: progress) }
    // The target is opened first, so that a bad path does not cost a prefill.
    let probe = try AtomicFile(path: output)
    probe.discard()
    let model = try LlamaModel(path: model)
    let all = try promptTokens(model)
    let tokens = Array(all.prefix(maxTokens ?? all.count))
    guard !tokens.isEmpty else { throw EngineError.emptyPrompt }
    try checkContext(tokens: tokens.count, model: model)
    let session = try LlamaSession(model: model, contextTokens: tokens.count, threads: threads, ropeContext: context)
    let prefill = try session.prefill(tokens: tokens, probeQueries: probeQueries) { progress($0, tokens.count) }
    let seconds = Double(prefill.duration.components.seconds) + 1e-18 * Double(prefill.duration.components.attoseconds)
    let cache = try session.capture(scratchFolder: LinkedPath.folder(of: output))
    let recorded = RecordedCapture(
      cache: cache, prefillSeconds: seconds, chat: chat, promptTokens: all.count)
    if includesTokens {
      try CaptureWriter.write(recorded, to: output)
    } else {
      try CaptureWriter.write(TokenlessCache(source: recorded), to: output)
    }
    return Report(
      description: recorded.description, fileBytes: try FileReader(path: output).byteCount, prefillSeconds: seconds,
      prefilledTokens: tokens.count,
      exceededContext: tokens.count > model.trainingContext ? model.trainingContext : nil,
      plainControlTexts: try plainControlTexts(model))
  }

  /// - Throws: `EngineError.trainedContextExceeded` or `.contextExceeded` for more tokens than are allowed.
  func checkContext(tokens: Int, model: LlamaModel) throws {
    let limit = context ?? model.trainingContext
    guard tokens <= limit else {
      throw context == nil
        ? EngineError.trainedContextExceeded(tokens: tokens, context: limit)
        : EngineError.contextExceeded(tokens: tokens, context: limit)
    }
  }

  /// All tokens of the prompt.
  func promptTokens(_ model: LlamaModel) throws -> [Int32] {
    if let tokenIDs {
      try model.check(tokenIDs)
      return tokenIDs
    }
    return try parsesControl
      ? model.tokenizeWithControl(prompt) : chat.tokens(of: prompt, system: system, model: model)
  }

  /// What looks like a prompt in chat format that was taken as plain text.
  func plainControlTexts(_ model: LlamaModel) throws -> [String] {
    guard tokenIDs == nil, !parsesControl, chat == .off else { return [] }
    return try model.controlTexts(in: prompt)
  }
}

/// An engine's cache with fkv's own lines in its provenance.
struct RecordedCapture<Cache: CacheSource>: CacheSource {
  let cache: Cache
  let description: CacheDescription

  init(cache: Cache, prefillSeconds: Double, chat: CapturedChat, promptTokens: Int) {
    self.cache = cache
    var description = cache.description
    description.provenance["writer"] = FKVVersion.writer
    description.provenance[CapturedChat.key] = chat.rawValue
    description.provenance["prompt_tokens"] = String(promptTokens)
    description.provenance[PrefillRecord.key] = PrefillRecord.text(prefillSeconds)
    self.description = description
  }

  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor { try cache.tensor(kind, layer: layer) }
  func probeQueries(layer: Int) throws -> ProbeQueries? { try cache.probeQueries(layer: layer) }
}
