/// A text file of token ids: integers between spaces, line ends and commas, with or without `[ ]` around them.
public enum TokenIDFile {
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// What stands at that place is no token id.
    case notToken(path: String, index: Int, found: String)
    case empty(path: String)

    public var description: String {
      switch self {
      case .notToken(let path, let index, let found): "\(path): entry \(index) is no token id: '\(found)'"
      case .empty(let path): "\(path): holds no token ids"
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
    let separators = Set(" \t\r\n,[]".utf8)
    var tokens: [Int32] = []
    for word in bytes.split(whereSeparator: { separators.contains($0) }) {
      let text = String(decoding: word.prefix(24), as: UTF8.self)
      guard word.count <= 10, word.allSatisfy({ (48...57).contains($0) }), let token = Int32(text) else {
        throw .notToken(path: path, index: tokens.count, found: text)
      }
      tokens.append(token)
    }
    guard !tokens.isEmpty else { throw .empty(path: path) }
    return tokens
  }
}
