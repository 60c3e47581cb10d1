import FileIO
import Interchange
import KVCacheModel
import LlamaEngine

/// Why a prompt does not go on from a cache.
public enum GrowthFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// Prompt and cached text differ first at a position.
  case token(position: Int, cache: Int32, prompt: Int32)
  /// The cache lacks token ids, so that nobody can tell whether the prompt begins with what it holds.
  case unknownTokens
  /// The prompt has no tokens after those that the cache holds.
  case nothingFollows(cached: Int, prompt: Int)

  public var description: String {
    switch self {
    case .token(let position, let cache, let prompt):
      "the prompt does not begin with the cached text: the token at position \(position) is \(prompt) in the prompt, "
        + "\(cache) in the cache; --following takes a prompt that is only what follows"
    case .unknownTokens:
      "the cache does not hold its token ids, so whether the prompt begins with it cannot be told; give only what follows, "
        + "with --following"
    case .nothingFollows(let cached, let prompt):
      "nothing follows: the cache holds \(cached) tokens, the prompt has \(prompt)"
    }
  }
}

extension CapturePipeline {
  /// Prefills only what follows a cache and writes the cache of both.
  ///
  /// - Throws: `GrowthFailure` before anything is computed; as `run(progress:)` and `GeneratePipeline.run(emit:)` do.
  func run(continuing path: String, progress: (Int, Int) -> Void) throws -> Report {
    let opened = try OpenedCache(path: path, basisFile: basisFile, key: key)
    let held = opened.source.description
    let target = GrownOutput(path: output, beginning: opened, key: key, includesTokens: includesTokens)
    try target.check()
    let model = try LlamaModel(path: model, for: held)
    let all = try isFollowing ? followingTokens(model) : promptTokens(model)
    let tokens = Array(all.prefix(maxTokens ?? all.count))
    let start = held.geometry.endPosition
    let rest = isFollowing ? tokens : try Self.rest(of: tokens, after: held)
    guard !rest.isEmpty else { throw EngineError.emptyPrompt }
    let end = start + rest.count
    try checkContext(tokens: end, model: model)
    let session = try LlamaSession(
      model: model, contextTokens: end, threads: threads, ropeContext: context ?? model.ropeContext(of: held))
    let memory = try opened.inMemory()
    let scratch = try LinkedPath.folder(of: output)
    try session.restore(memory, scratchFolder: scratch)
    session.recordQueries(last: probeQueries)
    let (_, seconds) = try timed {
      try session.append(rest, progress: { progress($0, rest.count) }, lastLogits: { _ in })
    }
    var lines: [String: String?] = GrowthRecord.lines(from: opened, start: start)
    lines["writer"] = FKVVersion.writer
    if !isFollowing { lines[CapturedChat.key] = chat.rawValue }
    lines["prompt_tokens"] = String(isFollowing ? start + all.count : all.count)
    // The whole prefill is what the cache's had cost, if that is known, and this.
    lines[PrefillRecord.key] = .some(PrefillRecord.seconds(held.provenance).map { PrefillRecord.text($0 + seconds) })
    let grown = ProvenanceCache(
      try session.capture(continuing: memory, from: start, scratchFolder: scratch), lines: lines)
    let fileBytes = try target.write(grown)
    return Report(
      description: grown.description, fileBytes: fileBytes, prefillSeconds: seconds, prefilledTokens: rest.count,
      exceededContext: end > model.trainingContext ? model.trainingContext : nil,
      plainControlTexts: try plainControlTexts(model))
  }

  /// The tokens of a prompt that is only what follows: no begin token.
  private func followingTokens(_ model: LlamaModel) throws -> [Int32] {
    guard tokenIDs == nil else { return try promptTokens(model) }
    return try model.tokenize(following: prompt, parseSpecial: parsesControl)
  }

  /// What follows the cache in a prompt that begins with it.
  ///
  /// - Throws: `GrowthFailure`.
  static func rest(of prompt: [Int32], after cache: CacheDescription) throws -> [Int32] {
    let end = cache.geometry.endPosition
    guard let known = cache.tokens, known.count >= end else { throw GrowthFailure.unknownTokens }
    for (position, (own, given)) in zip(known.prefix(end), prompt).enumerated() where own != given {
      throw GrowthFailure.token(position: position, cache: own, prompt: given)
    }
    guard prompt.count > end else { throw GrowthFailure.nothingFollows(cached: end, prompt: prompt.count) }
    return Array(prompt[end...])
  }
}
