/// Scores of samples, methods side by side: rows are tasks, columns methods.
public struct LongBenchTable: Sendable {
  /// One answer's score.
  public struct Score: Equatable, Sendable {
    /// The row: a task's name, with `_e` for LongBench-E.
    public var row: String
    /// The column.
    public var method: String
    /// 0…1.
    public var value: Double
    /// The document's length as the file says; nil where it says none.
    public var length: Int?

    public init(row: String, method: String, value: Double, length: Int?) {
      self.row = row
      self.method = method
      self.value = value
      self.length = length
    }
  }

  /// A mean over samples.
  public struct Cell: Equatable, Sendable {
    /// 100 times the mean score, rounded to hundredths, as `eval.py` prints it.
    public var score: Double
    /// The samples that it is of.
    public var samples: Int
  }

  /// The tasks that have a score, in LongBench's order, then others by name; a task's own row before its `_e`.
  public let rows: [String]
  /// The methods, in the order in which they first came.
  public let methods: [String]
  private var sums: [Key: (sum: Double, count: Int)] = [:]

  private struct Key: Hashable {
    var row: String
    var method: String
    var length: LongBenchLength?
  }

  public init(_ scores: [Score]) {
    var methods: [String] = []
    for score in scores {
      if !methods.contains(score.method) { methods.append(score.method) }
      var keys = [Key(row: score.row, method: score.method, length: nil)]
      if let length = score.length {
        keys.append(Key(row: score.row, method: score.method, length: .init(words: length)))
      }
      for key in keys {
        let old = sums[key] ?? (0, 0)
        sums[key] = (old.sum + score.value, old.count + 1)
      }
    }
    self.methods = methods
    rows = Set(scores.map(\.row)).sorted { Self.rank($0) < Self.rank($1) }
  }

  /// The mean of a row and a method, over documents of one length class if one is given; nil without any sample.
  public func cell(_ row: String, _ method: String, length: LongBenchLength? = nil) -> Cell? {
    sums[Key(row: row, method: method, length: length)].map {
      Cell(score: Self.percent($0.sum, $0.count), samples: $0.count)
    }
  }

  /// The mean over all rows of a method's scores, each task counting the same whatever its samples; nil if the method
  /// lacks a row, since its mean would be of other tasks than its neighbours'.
  public func average(_ method: String) -> Double? {
    let scores = rows.compactMap { cell($0, method)?.score }
    guard !rows.isEmpty, scores.count == rows.count else { return nil }
    return Self.percent(scores.reduce(0, +) / 100, rows.count)
  }

  private static func percent(_ sum: Double, _ count: Int) -> Double { (10000 * sum / Double(count)).rounded() / 100 }

  private static func rank(_ row: String) -> (Int, String) {
    let place = LongBenchRow(name: row).flatMap { LongBenchTask.allCases.firstIndex(of: $0.task) }
    return (place ?? LongBenchTask.allCases.count, row)
  }
}
