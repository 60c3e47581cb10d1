import Evaluation

/// The results of a perplexity run, by text and method.
public struct PerplexityReport: Sendable {
  /// What was run, and with which settings.
  public var head: RunHead
  /// One a text and number of cached tokens, in the order of the log.
  public var tables: [Table]
  /// What was passed over in the log.
  public var problems: [RunLogProblem]

  /// The control tokens that the texts name and that went in as plain text; empty where only logs were read.
  public var plainControlTexts: [String] = []

  public typealias Line = RunLine<PerplexityCell, EvalResult<PerplexityScore>>

  /// All methods on one text.
  public struct Table: Sendable {
    public var cell: PerplexityCell
    /// In the order of the log.
    public var lines: [Line]
  }

  /// Takes the results of a log.
  public init(_ contents: RunLogContents<PerplexityCell, EvalResult<PerplexityScore>>) {
    head = contents.head
    problems = contents.problems
    tables = contents.lines.map(\.cell).uniqued.map { cell in
      Table(cell: cell, lines: contents.lines.filter { $0.cell == cell })
    }
  }
}
