import Evaluation
import LlamaEngine

/// What `fkv eval` runs: cells, each a prompt whose cache every method keeps in its own way and is then scored on.
///
/// `EvalRunner` does what all evaluations share: one prefill a cell, every method's version of that cache put back into
/// the model, results logged as they come.
public protocol EvalTask {
  /// One piece of work; it names itself in the log, so it holds small values only.
  associatedtype Cell: Codable & Hashable & Sendable
  /// What a method reached in a cell.
  associatedtype Score: Codable & Sendable
  /// What is computed once a cell from the full cache, for all methods; `Void` where nothing is.
  associatedtype Reference = Void

  /// The evaluation's name in logs.
  var kind: String { get }
  /// All that a score depends on besides cell, method and model, by name. The runner adds model, version and probes.
  var settings: [String: String] { get }
  /// In the order of work.
  var cells: [Cell] { get }
  /// The most tokens that any cell puts into the model: cached, following and answered.
  var contextTokens: Int { get }

  /// How much longer a cell takes than another, in any unit: for the estimate of the time left.
  func work(of cell: Cell) -> Double
  /// The tokens of a cell.
  func prompt(of cell: Cell) throws -> EvalPrompt
  /// What the full cache gives, which the engine holds when this is called; not called where `Reference` is `Void`.
  func reference(of cell: Cell, prompt: EvalPrompt, on engine: EvalEngine) throws -> Reference
  /// The score over the cache that the engine holds when this is called, one method's version of the cell's.
  func score(of cell: Cell, prompt: EvalPrompt, reference: Reference, on engine: EvalEngine) throws -> Score
}

extension EvalTask where Reference == Void {
  public func reference(of cell: Cell, prompt: EvalPrompt, on engine: EvalEngine) throws {}
}

/// A cell's tokens.
public struct EvalPrompt: Hashable, Sendable {
  /// What is prefilled, and kept by every method.
  public var cached: [Int32]
  /// What follows a restored cache; one token or more, for a cache holds no logits.
  public var following: [Int32]

  public init(cached: [Int32], following: [Int32]) {
    self.cached = cached
    self.following = following
  }
}
