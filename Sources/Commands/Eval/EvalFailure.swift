/// Why an evaluation cannot be run as it was asked for.
public enum EvalFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// Two texts have the same file name, by which results are told apart.
  case repeatedName(String)
  /// A text has fewer tokens than are to be cached and to follow.
  case textTooShort(name: String, tokens: Int, cached: Int, following: Int)

  public var description: String {
    switch self {
    case .repeatedName(let name): "two texts are named \(name); results are told apart by file name"
    case .textTooShort(let name, let tokens, let cached, let following):
      "\(name): \(tokens) tokens, but \(cached) are to be cached and \(following) to follow"
    }
  }
}
