import ArgumentParser

/// Numbers separated by commas: `1024,2048`.
struct NumberList<Number: Sendable>: Sendable, CustomStringConvertible {
  var numbers: [Number]

  init(_ numbers: [Number]) { self.numbers = numbers }

  var description: String { numbers.map { NumberText.plain($0) }.joined(separator: ",") }
}

extension NumericOption {
  /// One or more numbers, separated by commas.
  static func list<Number>(of number: NumericOption<Number>) -> NumericOption where Value == NumberList<Number> {
    NumericOption { text in
      NumberList(try text.split(separator: ",", omittingEmptySubsequences: false).map { try number.read(String($0)) })
    }
  }
}
