/// Why a chat template could not be read or rendered. Lines count from 1.
public enum ChatTemplateError: Error, Equatable, Sendable {
  /// The text is not a template: `what` was found where something else must stand.
  case syntax(line: Int, what: String)
  /// A part of Jinja that fkv does not render, by its name in the template.
  case unsupported(line: Int, what: String)
  /// An expression has no value, as in Jinja: an undefined name is read, types do not fit.
  case failed(line: Int, what: String)
  /// The template itself refused the conversation (`raise_exception`), with its message.
  case refused(message: String)
  /// Rendering took more than a template of a chat can need.
  case exceeded(what: String, limit: Int)
}

extension ChatTemplateError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .syntax(let line, let what): "line \(line) is not a template: \(what)"
    case .unsupported(let line, let what): "line \(line) uses \(what), which fkv does not render"
    case .failed(let line, let what): "line \(line) cannot be rendered: \(what)"
    case .refused(let message): "it refuses the conversation: \(message)"
    case .exceeded(let what, let limit): "it takes more than \(limit) \(what)"
    }
  }
}
