/// A part of a template: text, an output or a block.
indirect enum Statement: Sendable {
  case text(String)
  case output(Expression, line: Int)
  case condition([(test: Expression, body: [Statement])], otherwise: [Statement], line: Int)
  case loop(Loop)
  case assign(Target, Expression, line: Int)
  /// `{% set name %}…{% endset %}`, with the filters after the name.
  case assignBlock(Target, filters: [Postfix], [Statement], line: Int)
  case macro(Macro)
  /// `{% filter … %}…{% endfilter %}`.
  case filter([Postfix], [Statement], line: Int)
  case with([(target: Target, value: Expression)], [Statement], line: Int)
  case breakLoop
  case continueLoop
  /// A block that fkv does not render: an error only where it is reached.
  case unsupported(String, line: Int)
}

/// What a value is assigned to.
indirect enum Target: Sendable {
  case name(String)
  /// An attribute of a namespace.
  case attribute(of: String, String)
  case tuple([Target])
}

struct Loop: Sendable {
  let target: Target
  let sequence: Expression
  let filter: Expression?
  let body: [Statement]
  /// What is rendered if the sequence has no element.
  let otherwise: [Statement]
  let line: Int
}

struct Macro: Sendable {
  let name: String
  let parameters: [(name: String, standard: Expression?)]
  let body: [Statement]
}
