import Commands

/// What `fkv convert` prints.
enum ConvertText {
  /// `c.safetensors: llama-state to capture, 30 layers × …, 1.23 MB`.
  static func line(_ report: ConvertPipeline.Report) -> String {
    "\(report.output): \(report.from) to \(report.to), \(CacheHeadText.geometry(report.description)), "
      + Format.bytes(report.outputBytes)
  }

  /// One line on standard error for everything that was lost.
  static func noteLosses(_ losses: [LossSummary], of path: String) {
    for loss in losses {
      var text = "\(path): \(loss.what)"
      if let count = loss.count { text += loss.total.map { ": \(count) of \($0)" } ?? ": \(count)" }
      Diagnostics.note(text)
    }
  }

  /// An error that names its input.
  static func named(_ error: any Error, _ input: String) -> any Error {
    "\(error)".hasPrefix(input) ? error : NamedError(input: input, error: error)
  }

  private struct NamedError: Error, CustomStringConvertible {
    var input: String
    var error: any Error
    var description: String { "\(input): \(error)" }
  }

  /// The table of formats, and below it what each cannot carry.
  static func list(_ formats: [FormatSummary]) -> String {
    let width = formats.map(\.name.count).max() ?? 0
    func padded(_ name: String) -> String { name + String(repeating: " ", count: width - name.count) }
    let rows = formats.map { format in
      let directions = [format.isRead ? "read " : "     ", format.isWritten ? "write" : "     "].joined(separator: " ")
      let lacks =
        format.cannotCarry.isEmpty ? "carries everything" : "without " + format.cannotCarry.joined(separator: ", ")
      return "\(padded(format.name))  \(directions)  \(format.summary)\n\(padded(""))               \(lacks)"
    }
    return rows.joined(separator: "\n")
  }
}
