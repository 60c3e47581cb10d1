import FileIO
import Foundation
import FourierKV

/// What people should know besides the results: on standard error, one line each. A standard error that cannot be written
/// changes nothing else.
enum Diagnostics {
  /// Prints what went wrong: `fkv: error: …`.
  static func error(_ error: any Error) {
    line("error: \(text(of: error))\(advice(on: error).map { "; \($0)" } ?? "")")
  }

  /// The option that would have helped, which the library does not know of; nil where there is none.
  private static func advice(on error: any Error) -> String? {
    switch error as? CacheMismatch {
    case .ropeFactors?: "capture both for the same --context"
    case .noProbeQueries?: "capture it with --probe"
    default: nil
    }
  }

  /// Prints a remark: `fkv: …`.
  static func note(_ text: String) { line(text) }

  /// Says that text went beyond the context that a model was trained with, if it did.
  static func warn(exceeding context: Int?) {
    guard let context else { return }
    line(
      "warning: this goes beyond the \(context) tokens that the model was trained with; what it makes of them may be poor"
    )
  }

  /// Says that names of control tokens went in as plain text, and how to have the tokens; nothing if there are none.
  static func plainControl(_ texts: [String]) {
    guard !texts.isEmpty else { return }
    let some = texts.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
    note(
      "\(some)\(texts.count > 3 ? " and others" : "") in the prompt were taken as plain text; --special takes them as control tokens"
    )
  }

  private static func line(_ text: String) {
    let single = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    write("fkv: \(single)\n")
  }

  /// Writes a text as it is.
  static func write(_ text: String) { try? StandardStream.error.write(text) }

  /// What an error says to people: Foundation's own describe themselves for programmers.
  static func text(of error: any Error) -> String {
    guard let error = error as? CocoaError else { return "\(error)" }
    return (error.filePath.map { "\($0): " } ?? "") + error.localizedDescription
  }
}
