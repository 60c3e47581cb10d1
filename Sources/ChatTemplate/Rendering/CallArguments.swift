/// The values that a call, a filter or a test is given.
struct CallArguments {
  var positional: [Value] = []
  var named: [(name: String, value: Value)] = []

  /// The argument at a place or of a name; nil if it is not given.
  subscript(_ place: Int, _ name: String) -> Value? {
    place < positional.count ? positional[place] : named.first { $0.name == name }?.value
  }

  /// A text that must be given, or `standard`.
  func string(_ place: Int, _ name: String, or standard: String? = nil) throws -> String {
    switch self[place, name] {
    case .string(let text)?: return text
    case nil where standard != nil: return standard!
    case let value: throw Failure("'\(name)' must be a text, not \(value?.typeName ?? "left out")")
    }
  }

  /// A whole number, or `standard` if it is left out.
  func integer(_ place: Int, _ name: String, or standard: Int) throws -> Int {
    guard let value = self[place, name] else { return standard }
    guard let number = value.integer else { throw Failure("'\(name)' must be a whole number, not \(value.typeName)") }
    return number
  }

  /// The arguments without the first `count`.
  func dropping(_ count: Int) -> CallArguments {
    CallArguments(positional: Array(positional.dropFirst(count)), named: named)
  }
}
