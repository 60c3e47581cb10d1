extension Renderer {
  mutating func compute(_ operation: Arithmetic, _ left: Value, _ right: Value) throws -> Value {
    switch (operation, left, right) {
    case (.add, .string(let a), .string(let b)):
      try budget.spend(bytes: a.utf8.count + b.utf8.count)
      return .string(a + b)
    case (.add, .list(let a), .list(let b)):
      try budget.spend(elements: a.count + b.count)
      return .list(a + b)
    case (.add, .tuple(let a), .tuple(let b)):
      try budget.spend(elements: a.count + b.count)
      return .tuple(a + b)
    case (.multiply, .string(let text), _), (.multiply, _, .string(let text)):
      return .string(try repeated(text, by: right.integer ?? left.integer))
    case (.multiply, .list(let list), _), (.multiply, _, .list(let list)):
      return .list(try repeated(list, by: right.integer ?? left.integer))
    case (.remainder, .string, _): throw Failure("'%' after a text", isUnsupported: true)
    default: return try compute(operation, numbers: left, right)
    }
  }

  private mutating func repeated(_ text: String, by count: Int?) throws -> String {
    guard let count else { throw Failure("'*' takes a whole number") }
    let (size, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
    try budget.spend(bytes: overflow ? Int.max : size)
    return text.isEmpty ? "" : String(repeating: text, count: max(0, count))
  }

  private mutating func repeated<Element>(_ list: [Element], by count: Int?) throws -> [Element] {
    guard let count else { throw Failure("'*' takes a whole number") }
    guard count > 0, !list.isEmpty else { return [] }
    let (size, overflow) = list.count.multipliedReportingOverflow(by: count)
    try budget.spend(elements: overflow ? Int.max : size)
    return Array([[Element]](repeating: list, count: count).joined())
  }

  private func compute(_ operation: Arithmetic, numbers left: Value, _ right: Value) throws -> Value {
    guard let a = left.number, let b = right.number else {
      throw Failure("'\(operation.rawValue)' does not take \(left.typeName) and \(right.typeName)")
    }
    let dividesByZero = b == 0 && [.divide, .floorDivide, .remainder].contains(operation)
    if dividesByZero { throw Failure("division by zero") }
    if operation != .divide, let first = left.integer, let second = right.integer,
      operation != .power || second >= 0
    {
      guard let result = first.checked(operation, second) else {
        throw Failure("'\(operation.rawValue)' gives more than 64 bits")
      }
      return .integer(result)
    }
    let quotient = (a / b).rounded(.down)
    let result: Double =
      switch operation {
      case .add: a + b
      case .subtract: a - b
      case .multiply: a * b
      case .divide: a / b
      case .floorDivide: quotient
      case .remainder: a - quotient * b
      case .power: throw Failure("'**' of fractions", isUnsupported: true)
      }
    return .float(result)
  }
}

extension Int {
  /// Python's result for whole numbers, which rounds down; nil if it does not fit. `other` is no zero to divide by.
  func checked(_ operation: Arithmetic, _ other: Int) -> Int? {
    func fitting(_ result: (partialValue: Int, overflow: Bool)) -> Int? {
      result.overflow ? nil : result.partialValue
    }
    switch operation {
    case .add: return fitting(addingReportingOverflow(other))
    case .subtract: return fitting(subtractingReportingOverflow(other))
    case .multiply: return fitting(multipliedReportingOverflow(by: other))
    case .divide: return nil
    case .floorDivide, .remainder:
      guard let quotient = fitting(dividedReportingOverflow(by: other)) else {
        return operation == .remainder ? 0 : nil
      }
      let rest = self - quotient * other
      let roundsDown = rest != 0 && (rest < 0) != (other < 0)
      if operation == .remainder { return roundsDown ? rest + other : rest }
      return roundsDown ? quotient - 1 : quotient
    case .power:
      if self == 0 || self == 1 || self == -1 { return other == 0 ? 1 : self == -1 && other % 2 == 0 ? 1 : self }
      guard other < 64 else { return nil }
      var power: Int? = 1
      for _ in 0..<other { power = power.flatMap { fitting($0.multipliedReportingOverflow(by: self)) } }
      return power
    }
  }
}
