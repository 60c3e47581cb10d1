import ArgumentParser

/// Options that take numbers. What follows is their value whatever it begins with, so that `--ratio -1` is told what a
/// ratio must be, and not that there is no option `-1`.
extension Option {
  /// A number that may be left out.
  init<Number: Sendable>(name: NameSpecification = .long, number: NumericOption<Number>, help: ArgumentHelp)
  where Value == Number? {
    self.init(name: name, parsing: .unconditional, help: help, transform: number.read)
  }

  /// A number with a default, which the help names.
  init(wrappedValue: Value, name: NameSpecification = .long, number: NumericOption<Value>, help: ArgumentHelp)
  where Value: Sendable {
    var help = help
    help.abstract += " (default: \(NumberText.plain(wrappedValue)))"
    self.init(wrappedValue: wrappedValue, name: name, parsing: .unconditional, help: help, transform: number.read)
  }

  /// Any number of numbers, each with the option's name before it.
  init<Number: Sendable>(
    wrappedValue: [Number], name: NameSpecification = .long, eachNumber: NumericOption<Number>, help: ArgumentHelp
  ) where Value == [Number] {
    self.init(
      wrappedValue: wrappedValue, name: name, parsing: .unconditionalSingleValue, help: help,
      transform: eachNumber.read)
  }
}

/// Numbers as people write them.
enum NumberText {
  /// The number without the `.0` of a whole one.
  static func plain<Value>(_ value: Value) -> String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
