/// How much there is to a value and all that it holds.
struct Extent {
  var values = 0
  var bytes = 0
  var levels = 0
}

/// What takes time by the size of a value is counted before it is done, and what takes memory is refused before it is
/// made. Values that hold others are measured whole where a template builds them, so none is deeper than `deepest` and
/// nothing that walks through one recurses without end.
extension Renderer {
  /// The most lists and dictionaries within each other.
  static let deepest = 64

  /// The extent of a value; measuring is counted as work.
  ///
  /// - Throws: `ChatTemplateError.exceeded` for a value that is too deep, or too much work.
  mutating func extent(of value: Value) throws -> Extent {
    var extent = Extent()
    try measure(value, level: 1, into: &extent)
    return extent
  }

  private mutating func measure(_ value: Value, level: Int, into extent: inout Extent) throws {
    guard level <= Self.deepest else {
      throw ChatTemplateError.exceeded(what: "lists within each other", limit: Self.deepest)
    }
    // A value takes as long as some characters.
    try budget.spend(work: 4)
    extent.values += 1
    extent.levels = max(extent.levels, level)
    switch value {
    case .string(let text): extent.bytes = min(1 << 60, extent.bytes + text.utf8.count)
    case .list(let values), .tuple(let values):
      for value in values { try measure(value, level: level + 1, into: &extent) }
    case .dictionary(let map):
      for (key, value) in map.entries {
        try measure(key, level: level + 1, into: &extent)
        try measure(value, level: level + 1, into: &extent)
      }
    case .method(let owner, _): try measure(owner, level: level + 1, into: &extent)
    default: break
    }
  }

  /// Counts `times` walks through a value.
  mutating func spend(walks times: Int = 1, through value: Value) throws {
    let extent = try extent(of: value)
    let (work, overflow) = (extent.values + extent.bytes).multipliedReportingOverflow(by: times)
    try budget.spend(work: overflow ? .max : work)
  }

  /// Counts a comparison: texts are read as far as both go, or whole to find one in the other.
  mutating func spend(on comparison: Comparison, _ left: Value, _ right: Value) throws {
    let (first, second) = (try extent(of: left), try extent(of: right))
    guard comparison == .isIn || comparison == .isNotIn else {
      return try budget.spend(work: min(first.bytes, second.bytes))
    }
    if case .string = right { return try budget.spend(work: 4 * (first.bytes + second.bytes)) }
    let (most, overflow) = first.bytes.multipliedReportingOverflow(by: second.values)
    try budget.spend(work: overflow ? second.bytes : min(most, second.bytes))
  }

  /// A value that was built of others, if it is not too deep.
  mutating func built(_ value: Value) throws -> Value {
    _ = try extent(of: value)
    return value
  }

  /// What a value is written as: Python's `str`.
  mutating func text(of value: Value) throws -> String {
    if case .string(let text) = value { return text }
    // An escaped byte takes four; a number 24 at most.
    try check(value, bytesPerByte: 4, bytesPerValue: 28)
    return try value.text()
  }

  /// A value as JSON.
  mutating func json(of value: Value, indent: Int?) throws -> String {
    try check(value, bytesPerByte: 6, bytesPerValue: 28 + 2 * (indent ?? 0) * Self.deepest)
    return try value.json(indent: indent)
  }

  private mutating func check(_ value: Value, bytesPerByte: Int, bytesPerValue: Int) throws {
    let extent = try extent(of: value)
    try budget.spend(work: extent.bytes * 4)
    try budget.check(bytes: extent.bytes * bytesPerByte + extent.values * bytesPerValue)
  }

  /// What a loop over a value yields; nil if there is no loop over it.
  mutating func elements(of value: Value) throws -> [Value]? {
    if case .string(let text) = value {
      // Each character becomes a text of its own.
      try budget.spend(work: text.utf8.count * 16)
      try budget.check(elements: text.unicodeScalars.count)
    }
    return value.elements
  }
}
