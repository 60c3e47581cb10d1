import FileIO
import Foundation

/// Where a prompt comes from.
public enum PromptText {
  /// Why a prompt could not be read.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The bytes are not UTF-8.
    case notText(source: String)
    /// There is nothing, or white space only.
    case empty(source: String)

    public var description: String {
      switch self {
      case .notText(let source): "\(source): the prompt is not UTF-8 text"
      case .empty(let source): "\(source): the prompt is empty"
      }
    }
  }

  /// The text of a file, or of standard input for `-`.
  ///
  /// - Throws: `FileError`, `Failure`.
  public static func read(_ path: String) throws -> String {
    let (bytes, source) = try contents(path)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw Failure.notText(source: source) }
    guard text.contains(where: { !$0.isWhitespace }) else { throw Failure.empty(source: source) }
    return text
  }

  /// The bytes of a file, or of standard input for `-`, and what to call it.
  ///
  /// - Throws: `FileError`.
  static func contents(_ path: String) throws -> (bytes: [UInt8], source: String) {
    guard path != "-" else {
      return (Array(FileHandle.standardInput.readDataToEndOfFile()), "standard input")
    }
    let file = try FileReader(path: path)
    return (try file.read(at: 0, count: file.byteCount), path)
  }
}
