import ArgumentParser

/// How an option reads a number, and what it says of any other text.
struct NumericOption<Value: Sendable>: Sendable {
  /// - Throws: `ValidationError`: what the text must be, and what it is.
  let read: @Sendable (String) throws -> Value

  init(read: @escaping @Sendable (String) throws -> Value) { self.read = read }

  /// What `make` finds in a text.
  ///
  /// - Parameter form: what to say of a text in which it finds nothing: "must be `form`".
  static func form(_ form: String, _ make: @escaping @Sendable (String) -> Value?) -> NumericOption {
    NumericOption { text in
      guard let value = make(text) else { throw ValidationError("must be \(form), not '\(text)'") }
      return value
    }
  }
}

extension NumericOption where Value: FixedWidthInteger {
  /// Whole numbers from `least` on.
  ///
  /// - Parameter reason: why no smaller ones.
  static func atLeast(_ least: Value, because reason: String? = nil) -> NumericOption {
    within(least...Value.max, "must be \(least) or more", because: reason)
  }

  /// Whole numbers of a range.
  static func within(_ range: ClosedRange<Value>) -> NumericOption {
    within(range, "must lie in \(range.lowerBound)…\(range.upperBound)")
  }

  private static func within(_ range: ClosedRange<Value>, _ demand: String, because reason: String? = nil)
    -> NumericOption
  {
    NumericOption { text in
      if let value = Value(text), range.contains(value) { return value }
      let isPositive = Value(text).map { $0 > 0 } ?? (text.first != "-")
      let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : Substring(text)
      guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
        throw ValidationError("must be a whole number, not '\(text)'")
      }
      let isTooLarge = isPositive && Value(text) == nil && range.upperBound == Value.max
      throw ValidationError(
        (isTooLarge ? "must be at most \(range.upperBound)" : demand) + ", not \(text)"
          + (reason.map { ": \($0)" } ?? ""))
    }
  }
}

extension NumericOption where Value: BinaryFloatingPoint & LosslessStringConvertible {
  /// Finite numbers more than 0.
  static var aboveZero: NumericOption { finite("must be more than 0") { $0 > 0 } }
  /// Finite numbers of 0 or more.
  static var zeroOrMore: NumericOption { finite("must be 0 or more") { $0 >= 0 } }
  /// Numbers of 0 or more, infinity too.
  static var limit: NumericOption { that("must be 0 or more") { $0 >= 0 } }
  /// Probabilities without 0.
  static var positiveProbability: NumericOption { that("must be more than 0 and at most 1") { $0 > 0 && $0 <= 1 } }

  /// Numbers of a range.
  static func within(_ range: ClosedRange<Value>) -> NumericOption {
    let ends = [range.lowerBound, range.upperBound].map(NumberText.plain)
    return finite("must lie in \(ends[0])…\(ends[1])") { $0.isInfinite || range.contains($0) }
  }

  private static func finite(_ demand: String, _ isFit: @escaping @Sendable (Value) -> Bool) -> NumericOption {
    NumericOption { text in
      let value = try that(demand, { $0.isNaN || isFit($0) }).read(text)
      guard value.isFinite else { throw ValidationError("must be a finite number, not \(text)") }
      return value
    }
  }

  private static func that(_ demand: String, _ isFit: @escaping @Sendable (Value) -> Bool) -> NumericOption {
    NumericOption { text in
      guard let value = Value(text) else { throw ValidationError("must be a number, not '\(text)'") }
      guard isFit(value) else { throw ValidationError("\(demand), not \(text)") }
      return value
    }
  }
}
