import FileIO

/// Where a prompt comes from.
public enum PromptText {
  /// Why a prompt could not be read.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The bytes are not UTF-8.
    case notText(source: String)
    /// The text begins with the byte order mark of that encoding.
    case otherEncoding(source: String, encoding: String)
    /// There is nothing, or white space only.
    case empty(source: String)

    public var description: String {
      switch self {
      case .notText(let source): "\(source): the prompt is not UTF-8 text"
      case .otherEncoding(let source, let encoding): "\(source): the text is \(encoding), and UTF-8 is expected"
      case .empty(let source): "\(source): the prompt is empty"
      }
    }
  }

  /// The text of a file or pipe, or of standard input for `-`, without the byte order mark of UTF-8.
  ///
  /// - Throws: `FileError`, `Failure`.
  public static func read(_ path: String) throws -> String {
    let (bytes, source) = try contents(path)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw Failure.notText(source: source) }
    guard text.contains(where: { !$0.isWhitespace }) else { throw Failure.empty(source: source) }
    return text
  }

  /// The bytes of a text file or pipe, or of standard input for `-`, without the byte order mark of UTF-8, and what to
  /// call it.
  ///
  /// - Throws: `FileError`; `Failure.otherEncoding`.
  static func contents(_ path: String) throws -> (bytes: ArraySlice<UInt8>, source: String) {
    let input = try InputBytes(path: path)
    if let mark = ByteOrderMark(input.bytes), mark != .utf8 {
      throw Failure.otherEncoding(source: input.source, encoding: mark.encoding)
    }
    return (ByteOrderMark.dropped(from: input.bytes), input.source)
  }
}
