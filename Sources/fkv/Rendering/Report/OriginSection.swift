import Commands

/// What the page was made of, and how.
struct OriginSection {
  private let contents: ReportContents
  private let arguments: [String]

  init(_ contents: ReportContents, arguments: [String]) {
    self.contents = contents
    self.arguments = arguments
  }

  var section: ReportPage.Section {
    ReportPage.Section(
      id: "origin", title: "How this page was made",
      body: """
        <p>By \(FKVVersion.writer). The same files and command give the same page.</p>
        <pre class="scroll" tabindex="0"><code>\(Self.commandLine(arguments))</code></pre>
        \(files.markup)
        <p class="hint">Hashes are XXH3-64 of the whole file, as <code>xxhsum -H3</code> prints them.</p>
        """)
  }

  private var files: HTMLTable {
    var table = HTMLTable("Files", head: ["file", "path", "bytes", "XXH3-64"])
    for file in contents.files { table.add([file.role, file.path.clipped(), AxisText.grouped(file.bytes), file.hash]) }
    return table
  }

  /// The command as a shell would take it; arguments that are whole texts are cut.
  static func commandLine(_ arguments: [String]) -> String {
    (["fkv"] + arguments.map(quoted)).joined(separator: " ")
  }

  private static func quoted(_ argument: String) -> String {
    let isPlain =
      !argument.isEmpty
      && argument.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=,:+@%".contains($0)) }
    if isPlain { return argument.clipped(240) }
    let short = argument.split(whereSeparator: \.isNewline).joined(separator: " ").clipped(240)
    return "'\(short.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#))'"
  }
}
