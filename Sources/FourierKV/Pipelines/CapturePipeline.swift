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
  public var threads: Int

  public init(prompt: String, model: String, output: String, threads: Int) {
    self.prompt = prompt
    self.model = model
    self.output = output
    self.threads = threads
  }

  /// What came of it.
  public struct Report: Sendable {
    public var description: CacheDescription
    public var fileBytes: Int
    public var prefillSeconds: Double
    /// The context that the model was trained with, if the prompt is longer.
    public var exceededContext: Int?
    /// The control tokens that the prompt names and that went in as plain text; empty where they were asked for, and
    /// for a prompt in the model's chat template.
    public var plainControlTexts: [String]
  }

  /// Runs the prefill and writes the capture, which appears whole or not at all.
  ///
  /// - Parameter progress: called with tokens done and tokens in all.
  /// - Throws: what is wrong with model, prompt or output.
  public func run(progress: (Int, Int) -> Void = { _, _ in }) throws -> Report {
    // The target is opened first, so that a bad path does not cost a prefill.
    let probe = try AtomicFile(path: output)
    probe.discard()
    let model = try LlamaModel(path: model)
    let all = try promptTokens(model)
    let tokens = Array(all.prefix(maxTokens ?? all.count))
    guard !tokens.isEmpty else { throw EngineError.emptyPrompt }
    let limit = context ?? model.trainingContext
    guard tokens.count <= limit else {
      throw context == nil
        ? EngineError.trainedContextExceeded(tokens: tokens.count, context: limit)
        : EngineError.contextExceeded(tokens: tokens.count, context: limit)
    }
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
      exceededContext: tokens.count > model.trainingContext ? model.trainingContext : nil,
      plainControlTexts: try plainControlTexts(model))
  }

  /// All tokens of the prompt.
  private func promptTokens(_ model: LlamaModel) throws -> [Int32] {
    if let tokenIDs {
      try model.check(tokenIDs)
      return tokenIDs
    }
    return try parsesControl
      ? model.tokenizeWithControl(prompt) : chat.tokens(of: prompt, system: system, model: model)
  }

  /// What looks like a prompt in chat format that was taken as plain text.
  private func plainControlTexts(_ model: LlamaModel) throws -> [String] {
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
    description.provenance[PrefillRecord.key] = String(Double(Int(prefillSeconds * 1000)) / 1000)
    self.description = description
  }

  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor { try cache.tensor(kind, layer: layer) }
  func probeQueries(layer: Int) throws -> ProbeQueries? { try cache.probeQueries(layer: layer) }
}
