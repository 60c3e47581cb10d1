/// One finished result: what one method gave in one cell.
public struct RunLine<Cell: Codable & Hashable & Sendable, Result: Codable & Sendable>: Codable, Sendable {
  /// Which piece of work.
  public var cell: Cell
  /// The method's name.
  public var method: String
  /// The result of it; nil if the method was left out of this cell.
  public var result: Result?
  /// Why the method was left out; nil if it was not.
  public var skipped: String?

  /// A result.
  public init(cell: Cell, method: String, result: Result) {
    (self.cell, self.method, self.result) = (cell, method, result)
  }

  /// A method that cannot take this cell's cache, and why.
  public init(cell: Cell, method: String, skipped reason: String) {
    (self.cell, self.method, skipped) = (cell, method, reason)
  }

  /// What the line is the result of.
  public var key: Key { Key(cell: cell, method: method) }

  /// A cell and a method; a log has one line of each.
  public struct Key: Hashable, Sendable {
    public var cell: Cell
    public var method: String

    public init(cell: Cell, method: String) {
      self.cell = cell
      self.method = method
    }
  }
}
