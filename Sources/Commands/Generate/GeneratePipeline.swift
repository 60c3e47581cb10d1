import FKVFormat
import FileIO
import Foundation
import FourierKV
import KVCacheModel
import LlamaEngine

/// `fkv generate`: a model goes on from a cache file as if it had just read the prompt.
public struct GeneratePipeline: Sendable {
  /// An `.fkv` or a capture.
  public var cache: String
  /// The GGUF file.
  public var model: String
  /// What follows the cache; empty to go on with the cached text itself.
  public var prompt = ""
  /// Whether control tokens that `prompt` names become those tokens.
  public var parsesControl = false
  /// How the prompt stands after the cache; nil takes what suits the capture (`GeneratePrompt`).
  public var usesChat: Bool?
  /// The system message of a new turn; nil for none.
  public var system: String?
  /// The most tokens to generate.
  public var maxTokens = 256
  public var sampling = LlamaSampler.Parameters()
  /// Whether the cached tokens are prefilled as well, to compare the time to the first token.
  public var repeatsPrefill = false
  /// The basis file, if the cache needs one; nil looks in the cache folder.
  public var basisFile: String?
  /// The key of an encrypted cache.
  public var key: FileKey?
  /// The context to make room for, in tokens; nil takes what the model was trained with at most.
  public var context: Int?
  /// Where the cache goes with what was fed and the answer: a capture, or an `.fkv` if the name ends so; nil keeps
  /// nothing.
  public var output: String?
  /// P, of how many of the last of those tokens the output keeps the queries.
  public var probeQueries = 128
  public var threads: Int

  public init(cache: String, model: String, threads: Int) {
    self.cache = cache
    self.model = model
    self.threads = threads
  }

  /// Decodes the file, puts it into a fresh context and generates.
  ///
  /// - Parameter emit: is given the answer in pieces of whole characters, as they come.
  /// - Throws: `EngineError.modelMismatch` for a cache of another model, with both fingerprints; `GenerateFailure`; what
  ///   is wrong with the files; `EngineError.trainedContextExceeded` or `.contextExceeded` if cache and prompt leave no
  ///   room for an answer; what `emit` throws.
  public func run(emit: (String) throws -> Void = { _ in }) throws -> GenerateReport {
    let opened = try OpenedCache(path: cache, basisFile: basisFile, key: key)
    let description = opened.source.description
    let target = output.map { GrownOutput(path: $0, beginning: opened, key: key) }
    try target?.check()
    let model = try LlamaModel(path: model, for: description)
    let request = try GeneratePrompt(
      prompt, parsesControl: parsesControl, usesChat: usesChat, system: system, after: description, model: model)
    if repeatsPrefill, description.tokens?.count != description.geometry.endPosition {
      throw GenerateFailure.unknownTokens
    }
    let start = description.geometry.endPosition - (request.repeatsLastToken ? 1 : 0)
    let context = context ?? model.trainingContext
    let room = context - start - request.tokens.count
    guard room > 0 else {
      let tokens = start + request.tokens.count + 1
      throw self.context == nil
        ? EngineError.trainedContextExceeded(tokens: tokens, context: context)
        : EngineError.contextExceeded(tokens: tokens, context: context)
    }
    let limit = min(maxTokens, room)
    let session = try LlamaSession(
      model: model, contextTokens: start + request.tokens.count + limit, threads: threads,
      ropeContext: self.context ?? model.ropeContext(of: description))

    let (memory, decodeSeconds) = try timed { try opened.inMemory() }
    let scratch = FileManager.default.temporaryDirectory.path
    let (_, loadSeconds) = try timed {
      try session.restore(memory, scratchFolder: scratch)
      session.remove(positions: start..<session.tokenCount)
    }
    if target != nil { session.recordQueries(last: probeQueries) }
    var answer = GeneratedAnswer(session: session, sampler: LlamaSampler(sampling))
    let (_, firstSeconds) = try timed { try answer.start(request.tokens) }
    let (_, restSeconds) = try timed { try answer.finish(maxTokens: limit, emit: emit) }
    if let target {
      try answer.feedRest()
      var lines: [String: String?] = GrowthRecord.lines(from: opened, start: start)
      lines["writer"] = FKVVersion.writer
      lines["prompt_tokens"] = String(session.tokenCount)
      // The template has ended the user's message; what it was before holds for text that went in as it is.
      if request.usesChat { lines[CapturedChat.key] = CapturedChat.on.rawValue }
      // What a prefill of all of it would take was not measured.
      lines[PrefillRecord.key] = .some(nil)
      let grown = try session.capture(continuing: memory, from: start, scratchFolder: scratch)
      _ = try target.write(ProvenanceCache(grown, lines: lines))
    }
    if answer.stop == .maxTokens, limit < maxTokens { answer.stop = .context }
    let end = start + request.tokens.count + answer.tokens.count
    return GenerateReport(
      description: description, fedTokens: request.tokens.count, text: answer.text, tokens: answer.tokens,
      stop: answer.stop, decodeSeconds: decodeSeconds, loadSeconds: loadSeconds, firstTokenSeconds: firstSeconds,
      otherTokensSeconds: restSeconds, recordedPrefillSeconds: PrefillRecord.seconds(description.provenance),
      repeated: try repeatsPrefill ? prefill(description.tokens!, request, start: start, session, answer) : nil,
      exceededContext: end > model.trainingContext ? model.trainingContext : nil,
      plainControlTexts: request.usesChat || parsesControl ? [] : try model.controlTexts(in: prompt))
  }

  /// The same answer's first token from the prompt itself.
  private func prefill(
    _ tokens: [Int32], _ request: GeneratePrompt, start: Int, _ session: LlamaSession, _ answer: GeneratedAnswer
  ) throws -> GenerateReport.Repeated {
    session.reset()
    // The last cached token is fed with the request where the request repeats it.
    let (_, prefillSeconds) = try timed { if start > 0 { _ = try session.prefill(tokens: Array(tokens[..<start])) } }
    var again = GeneratedAnswer(session: session, sampler: LlamaSampler(sampling))
    let (_, firstSeconds) = try timed { try again.start(request.tokens) }
    return GenerateReport.Repeated(
      prefillSeconds: prefillSeconds, firstTokenSeconds: firstSeconds, isSameToken: again.next == answer.first)
  }
}

extension OpenedCache {
  /// All keys and values, decoded on all cores.
  func inMemory() throws -> MemoryCache {
    switch self {
    case .fkv(let cache): try FileFailure.naming(cache.reader.name) { try cache.decodeAll() }
    case .capture(let capture): try capture.inMemory(withQueries: false)
    }
  }
}
