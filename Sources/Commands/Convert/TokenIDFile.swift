/// A text file of token ids: integers between spaces, line ends and commas, with or without one pair of `[ ]` around
/// them.
public enum TokenIDFile {
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// What stands at that place is no token id.
    case notToken(path: String, index: Int, found: String)
    case empty(path: String)
    /// A list in brackets that do not close, or that is followed by more.
    case notClosed(path: String)
    /// Lists in a list: the ids of several prompts.
    case severalLists(path: String)

    public var description: String {
      switch self {
      case .notToken(let path, let index, let found): "\(path): entry \(index) is no token id: '\(found)'"
      case .empty(let path): "\(path): holds no token ids"
      case .notClosed(let path): "\(path): '[' and ']' do not stand around the whole list; it may be cut short"
      case .severalLists(let path): "\(path): holds lists in a list; give the token ids of one prompt"
      }
    }
  }

  /// The ids of a file or pipe, or of standard input for `-`; each 0 … 2³¹ − 1.
  ///
  /// - Throws: `Failure`, `FileError`, `PromptText.Failure.otherEncoding`.
  public static func read(_ path: String) throws -> [Int32] {
    let (bytes, source) = try PromptText.contents(path)
    return try parse(bytes, path: source)
  }

  private static func parse(_ bytes: ArraySlice<UInt8>, path: String) throws(Failure) -> [Int32] {
    let separators = Set(" \t\r\n,".utf8)
    var tokens: [Int32] = []
    for word in try inner(bytes, path: path).split(whereSeparator: { separators.contains($0) }) {
      let text = String(decoding: word.prefix(24), as: UTF8.self)
      guard word.count <= 10, word.allSatisfy({ (48...57).contains($0) }), let token = Int32(text) else {
        throw .notToken(path: path, index: tokens.count, found: text)
      }
      tokens.append(token)
    }
    guard !tokens.isEmpty else { throw .empty(path: path) }
    return tokens
  }

  /// What stands between the brackets, or everything where there are none.
  private static func inner(_ bytes: ArraySlice<UInt8>, path: String) throws(Failure) -> ArraySlice<UInt8> {
    let brackets = Set("[]".utf8)
    guard bytes.contains(where: brackets.contains) else { return bytes }
    let blanks = Set(" \t\r\n".utf8)
    var rest = bytes.drop { blanks.contains($0) }
    while let last = rest.last, blanks.contains(last) { rest.removeLast() }
    guard rest.first == UInt8(ascii: "[") else { throw .notClosed(path: path) }
    let inside = rest.dropFirst()
    if inside.contains(UInt8(ascii: "[")) { throw .severalLists(path: path) }
    guard inside.last == UInt8(ascii: "]"), !inside.dropLast().contains(UInt8(ascii: "]")) else {
      throw .notClosed(path: path)
    }
    return inside.dropLast()
  }
}
