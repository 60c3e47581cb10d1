import Evaluation

/// The results of a needle test, by method, length and depth.
public struct NeedleReport: Sendable {
  /// What was run, and with which settings.
  public var head: RunHead
  /// In ascending order.
  public var lengths: [Int]
  /// In ascending order.
  public var depths: [Double]
  /// In the order of the log.
  public var methods: [Method]
  /// Every result, by length, depth and trial, and within a cell in the order of the log.
  public var lines: [Line]
  /// What was passed over in the log.
  public var problems: [RunLogProblem]

  /// The control tokens that the texts name and that went in as plain text; empty where only logs were read.
  public var plainControlTexts: [String] = []

  public typealias Line = RunLine<NeedleCell, EvalResult<NeedleScore>>

  /// What one method reached.
  public struct Method: Sendable {
    public var name: String
    /// One list a depth, one place a length.
    public var places: [[Place]]
    /// Raw bytes over file bytes at each length, over all of its cells; nil where there is no result.
    public var ratios: [Double?]
    /// Mean over all cells of the log-probability of the expected answer, in nats; nil where no cell has one.
    public var logProbability: Double?

    /// All cells.
    public var total: Place { places.joined().reduce(into: Place()) { $0.add($1) } }
    /// The cells of one length.
    public func total(length: Int) -> Place { places.reduce(into: Place()) { $0.add($1[length]) } }
  }

  /// The trials of one length and depth.
  public struct Place: Hashable, Sendable {
    public var found = 0
    public var trials = 0

    /// found / trials; nil without trials.
    public var fraction: Double? { trials == 0 ? nil : Double(found) / Double(trials) }

    mutating func add(_ other: Place) {
      found += other.found
      trials += other.trials
    }
  }

  /// Takes the results of a log; lines that were skipped count in no place.
  public init(_ contents: RunLogContents<NeedleCell, EvalResult<NeedleScore>>) {
    head = contents.head
    problems = contents.problems
    let lengths = Set(contents.lines.map(\.cell.length)).sorted()
    let depths = Set(contents.lines.map(\.cell.depth)).sorted()
    (self.lengths, self.depths) = (lengths, depths)
    // Swift's sort is stable, so a cell's methods keep their order.
    lines = contents.lines.sorted {
      ($0.cell.length, $0.cell.depth, $0.cell.trial) < ($1.cell.length, $1.cell.depth, $1.cell.trial)
    }
    methods = contents.lines.map(\.method).uniqued.map { name in
      let own = contents.lines.filter { $0.method == name }
      return Method(
        name: name,
        places: depths.map { depth in
          lengths.map { length in
            Place(own.filter { $0.cell.length == length && $0.cell.depth == depth }.compactMap(\.result?.score))
          }
        },
        ratios: lengths.map { length in
          EvalCost.ratio(of: own.filter { $0.cell.length == length }.compactMap(\.result?.cost))
        },
        logProbability: own.compactMap { $0.result?.score.logProbability }.mean)
    }
  }
}

extension NeedleReport.Place {
  init(_ scores: [NeedleScore]) {
    found = scores.count { $0.found }
    trials = scores.count
  }
}

extension [Double] {
  /// nil without elements.
  fileprivate var mean: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }
}

extension EvalCost {
  /// Raw bytes over file bytes of several caches together; nil if there are none.
  static func ratio(of costs: [EvalCost]) -> Double? {
    let bytes = costs.reduce(0) { $0 + $1.fileBytes }
    return bytes == 0 ? nil : Double(costs.reduce(0) { $0 + $1.rawBytes }) / Double(bytes)
  }
}

extension Sequence where Element: Hashable {
  /// The elements without those that were there before.
  var uniqued: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
