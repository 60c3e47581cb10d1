import Fidelity
import FileIO
import Foundation
import FourierKV
import KVCacheModel
import LlamaEngine

/// The model that an evaluation asks, loaded once, with one context for all cells and methods.
public final class EvalEngine {
  /// The queries of a prefill that are kept for methods that measure attention.
  public static let probeQueries = 128

  public let model: LlamaModel
  /// The tokens that fit.
  public var contextTokens: Int { session.contextTokens }
  private let session: LlamaSession
  private let scratchFolder = FileManager.default.temporaryDirectory.path

  /// Makes a context.
  ///
  /// - Throws: `EngineError.contextExceeded` if it would be longer than the model was trained for; what making a session
  ///   throws.
  public init(model: LlamaModel, contextTokens: Int, threads: Int) throws {
    guard contextTokens <= model.trainingContext else {
      throw EngineError.contextExceeded(tokens: contextTokens, context: model.trainingContext)
    }
    self.model = model
    session = try LlamaSession(model: model, contextTokens: max(1, contextTokens), threads: threads)
  }

  /// The full cache of a prompt, in memory, with probe queries; the engine holds it afterwards.
  func prefill(_ tokens: [Int32]) throws -> MemoryCache {
    session.reset()
    _ = try session.prefill(tokens: tokens, probeQueries: Self.probeQueries)
    return try session.capture(scratchFolder: scratchFolder).inMemory()
  }

  /// Puts a cache into the engine, without the positions that a method dropped.
  func load(_ cache: MemoryCache, dropping positions: Range<Int> = 0..<0) throws {
    try session.restore(cache, scratchFolder: scratchFolder)
    session.remove(positions: positions)
  }

  /// Appends tokens to the loaded cache and hands out the logits after each, which are valid during the call only.
  ///
  /// - Throws: `EngineError`, and what `body` throws.
  public func append(_ tokens: [Int32], eachLogits body: (Int, UnsafeBufferPointer<Float>) throws -> Void) throws {
    try session.append(tokens, eachLogits: body)
  }

  /// The model's answer to tokens that follow the loaded cache: at each step the most likely token, of equals the lowest
  /// id.
  ///
  /// - Parameters:
  ///   - tokens: one or more.
  ///   - maxTokens: the most tokens to answer; the context must hold them.
  ///   - stops: whether the answer ends before a token that is told with those before it; tokens that end a turn or text
  ///     always do.
  ///   - begins: whether an answer may begin with a token; its first is the most likely of those that may.
  /// - Throws: `EngineError`.
  public func answer(
    after tokens: [Int32], maxTokens: Int,
    stops: (_ token: Int32, _ answer: [Int32]) throws -> Bool = { _, _ in false },
    begins: (_ token: Int32) -> Bool = { _ in true }
  ) throws -> [Int32] {
    precondition(!tokens.isEmpty && maxTokens >= 0)
    var answer: [Int32] = []
    var fed = tokens
    while answer.count < maxTokens {
      let next = try session.append(fed, lastLogits: { Self.mostLikely($0) { !answer.isEmpty || begins($0) } })
      if try model.isEndOfGeneration(next) || stops(next, answer) { break }
      answer.append(next)
      fed = [next]
    }
    return answer
  }

  /// Takes what was appended after the first `tokens` out again.
  func forget(after tokens: Int) {
    session.remove(positions: min(tokens, session.tokenCount)..<session.tokenCount)
  }

  /// log P(expected | loaded cache, tokens), in nats; nil without expected tokens. The engine holds both lists afterwards.
  ///
  /// - Parameter tokens: one or more.
  /// - Throws: `EngineError`.
  func logProbability(of expected: [Int32], after tokens: [Int32]) throws -> Double? {
    precondition(!tokens.isEmpty)
    guard !expected.isEmpty else { return nil }
    var sum = 0.0
    try session.append(tokens + expected.dropLast()) { index, logits in
      let place = index - tokens.count + 1
      if place >= 0 { sum -= PredictionComparison.surprisal(of: expected[place], logits) }
    }
    return sum
  }

  /// Of the tokens that may be taken, one of which must be there.
  private static func mostLikely(_ logits: UnsafeBufferPointer<Float>, _ mayBe: (Int32) -> Bool) -> Int32 {
    var (best, highest) = (Int32(-1), -Float.infinity)
    for (token, logit) in logits.enumerated() where logit > highest || best < 0 {
      if mayBe(Int32(token)) { (best, highest) = (Int32(token), logit) }
    }
    precondition(best >= 0, "no token may be taken")
    return best
  }
}
