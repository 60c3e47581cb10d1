/// An expression of a template. Operators of one rank are one node, so that only brackets nest.
indirect enum Expression: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
  case name(String)
  case list([Expression])
  case tuple([Expression])
  case dictionary([(key: Expression, value: Expression)])
  /// Operators of one rank, from the left.
  case arithmetic(Expression, [(Arithmetic, Expression)])
  /// `~`: the texts of all values joined.
  case concatenation([Expression])
  /// `a < b <= c`: each pair is compared.
  case comparison(Expression, [(Comparison, Expression)])
  case and([Expression])
  case or([Expression])
  case not(Expression)
  case negative(Expression)
  case positive(Expression)
  /// `then if test else otherwise`.
  case conditional(then: Expression, test: Expression, otherwise: Expression?)
  /// A value and what is done with it, in turn: `.name`, `[0]`, `(…)`, `| filter`, `is test`.
  case postfix(Expression, [Postfix])
}

enum Arithmetic: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case remainder = "%"
  case power = "**"
}

enum Comparison: String, Sendable {
  case equal = "=="
  case unequal = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case isIn = "in"
  case isNotIn = "not in"
}

/// What follows a value, and the line where it does.
struct Postfix: Sendable {
  enum Kind: Sendable {
    case attribute(String)
    case item(Expression)
    case slice(start: Expression?, end: Expression?, step: Expression?)
    case call(Arguments)
    case filter(String, Arguments)
    case test(String, Arguments, isNegated: Bool)
  }

  let kind: Kind
  let line: Int
}

struct Arguments: Sendable {
  var positional: [Expression] = []
  /// `*list`: its elements come after the others that have no name.
  var rest: Expression?
  var named: [(name: String, value: Expression)] = []
}
