import Evaluation

/// `fkv eval merge`: the results of a run's shards together, of whatever evaluation they are.
public enum MergedEvaluation: Sendable {
  case needle(NeedleReport)
  case perplexity(PerplexityReport)
  case longBench(LongBenchReport)

  /// No evaluation of that name is known.
  public struct UnknownKind: Error, Equatable, Sendable, CustomStringConvertible {
    public var path: String
    public var kind: String

    public var description: String { "\(path): a log of '\(kind)', which this fkv cannot show" }
  }

  /// Reads logs of one run.
  ///
  /// - Parameter paths: one or more.
  /// - Throws: `FileError`, `RunLogError`, `UnknownKind`.
  public init(logs paths: [String]) throws {
    precondition(!paths.isEmpty, "merges no logs")
    let kind = try RunHead.read(paths[0]).kind
    switch kind {
    case "needle": self = .needle(NeedleReport(try RunLogContents(merging: paths)))
    case "perplexity": self = .perplexity(PerplexityReport(try RunLogContents(merging: paths)))
    case "longbench": self = .longBench(LongBenchReport(try RunLogContents(merging: paths)))
    default: throw UnknownKind(path: paths[0], kind: kind)
    }
  }
}
