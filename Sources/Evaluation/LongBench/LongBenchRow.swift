/// One row of a table of LongBench: a task, of LongBench or of LongBench-E.
public struct LongBenchRow: Hashable, Sendable {
  public var task: LongBenchTask
  /// Whether it is of LongBench-E, whose lengths are spread evenly.
  public var isExtended: Bool

  public init(task: LongBenchTask, isExtended: Bool) {
    self.task = task
    self.isExtended = isExtended
  }

  /// The row of a name such as `qasper` or `qasper_e`; nil for any other.
  public init?(name: String) {
    let isExtended = name.hasSuffix("_e")
    guard let task = LongBenchTask(rawValue: isExtended ? String(name.dropLast(2)) : name) else { return nil }
    self.init(task: task, isExtended: isExtended)
  }

  /// The task's name, with `_e` for LongBench-E.
  public var name: String { task.rawValue + (isExtended ? "_e" : "") }
}
