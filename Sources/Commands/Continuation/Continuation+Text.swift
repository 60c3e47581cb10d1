import Foundation

extension Continuation {
  /// An argument that may be a file or a text looks like a file, and there is none of that name.
  public struct NoSuchFile: Error, Equatable, Sendable, CustomStringConvertible {
    public var path: String
    /// The option that it was given with.
    public var option: String

    public var description: String {
      "\(path): no such file; if this is the text itself, pipe it in: '\(option) -' reads standard input"
    }
  }

  /// Endings of names that single words are taken for files by.
  private static let textExtensions: Set<Substring> = [
    "txt", "text", "md", "markdown", "rst", "org", "tex", "json", "jsonl", "csv", "tsv", "xml", "html", "htm", "yaml",
    "yml", "log", "prompt",
  ]

  /// The text that an argument stands for: standard input for `-`, the contents of the file or pipe of that name if
  /// there is one, else the argument itself, unless it looks like the name of a file.
  ///
  /// - Parameter option: the option that the argument was given with, for messages.
  /// - Throws: `FileError` for a file that cannot be read, `NoSuchFile`, `ContinuationPipeline.Failure.notText`.
  public static func text(of argument: String, option: String) throws -> String {
    guard argument == "-" || FileManager.default.fileExists(atPath: argument) else {
      if looksLikeFile(argument) { throw NoSuchFile(path: argument, option: option) }
      return argument
    }
    do { return try PromptText.read(argument) } catch PromptText.Failure.empty { return "" } catch PromptText.Failure
      .notText(let source)
    {
      throw ContinuationPipeline.Failure.notText(source: source)
    }
  }

  /// Whether people would take a text for the name of a file: it begins as a path does, or is one word with the ending of
  /// a text file. Addresses (`://`) are none, and neither are several lines.
  static func looksLikeFile(_ text: String) -> Bool {
    guard !text.contains("://"), !text.contains(where: \.isNewline) else { return false }
    if ["./", "../", "~/"].contains(where: text.hasPrefix) { return true }
    // Words such as /no_think begin prompts of some models: a path has its second slash before any blank.
    let word = text.prefix { !$0.isWhitespace }
    if word.hasPrefix("/"), word.dropFirst().contains("/") { return true }
    guard word.count == text.count, let dot = word.lastIndex(of: "."), dot != word.startIndex else { return false }
    return textExtensions.contains(Substring(word[word.index(after: dot)...].lowercased()))
  }
}
