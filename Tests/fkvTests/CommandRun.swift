import Foundation
import TestSupport
import Testing

/// One run of the built `fkv`: what it printed, and how it ended.
struct CommandRun {
  var status: Int32
  var output: String
  var errors: String
  /// The lines of standard error that say how far the work has come; they are not in `errors`.
  var progress: String

  private static var progressLine: Regex<Substring> { /fkv: [a-z]+ \d+\/\d+ [a-z]+ \(\d+ %\)(?:, [^,]+)*/ }

  /// The binary that was built with these tests: it lies next to the test bundle.
  static let binary: URL = {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    for _ in 0..<5 {
      folder.deleteLastPathComponent()
      let candidate = folder.appendingPathComponent("fkv")
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder), !isFolder.boolValue {
        return candidate
      }
    }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return root.deletingLastPathComponent().appendingPathComponent(".build/debug/fkv")
  }()

  /// Runs `fkv` with arguments.
  ///
  /// Output goes to files, so that nothing waits for a full pipe. With `fileBlocks`, no file may grow beyond that many
  /// blocks (of 512 or 1024 bytes, as the shell counts): a full disk without one.
  /// `environment` is set besides what these tests themselves run with. With `shell`, a script of bash runs it: as `"$0" "$@"`
  /// where it says so.
  init(
    _ arguments: [String], input: [UInt8] = [], fileBlocks: Int? = nil, environment: [String: String] = [:],
    shell: String? = nil
  ) throws {
    let scratch = ScratchFolder()
    try Data(input).write(to: URL(fileURLWithPath: scratch.file("in")))
    for name in ["out", "err"] { try Data().write(to: URL(fileURLWithPath: scratch.file(name))) }
    let process = Process()
    if let script = shell ?? fileBlocks.map({ "ulimit -f \($0); exec \"$0\" \"$@\"" }) {
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = ["-c", script, Self.binary.path] + arguments
    } else {
      process.executableURL = Self.binary
      process.arguments = arguments
    }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: scratch.file("in")))
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.file("out")))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.file("err")))
    try process.runWithSignals()
    // A signal is no exit code of ours: it shows as a negative number.
    status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    output = try String(contentsOfFile: scratch.file("out"), encoding: .utf8)
    let all = try String(contentsOfFile: scratch.file("err"), encoding: .utf8)
    // How far it has come is said after ten seconds, which a busy machine takes for anything.
    let lines = all.split(separator: "\n", omittingEmptySubsequences: false)
    progress = lines.filter { $0.wholeMatch(of: Self.progressLine) != nil }.joined(separator: "\n")
    errors = lines.filter { $0.wholeMatch(of: Self.progressLine) == nil }.joined(separator: "\n")
  }

  /// The object that was printed.
  func json() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
  }

  /// Expects exit 2, one line on standard error that holds all of `parts`, and nothing on standard output.
  func expectRefusal(_ parts: String..., location: SourceLocation = #_sourceLocation) {
    #expect(status == 2, sourceLocation: location)
    #expect(output == "", sourceLocation: location)
    #expect(errors.hasPrefix("fkv: error: ") && errors.hasSuffix("\n"), "\(errors)", sourceLocation: location)
    #expect(errors.filter(\.isNewline).count == 1, "\(errors)", sourceLocation: location)
    for part in parts { #expect(errors.contains(part), "\(errors)", sourceLocation: location) }
  }

  /// Expects exit 64, nothing on standard output, and all of `parts` on standard error.
  func expectUsage(_ parts: String..., location: SourceLocation = #_sourceLocation) {
    #expect(status == 64 && output == "", "\(self)", sourceLocation: location)
    for part in parts { #expect(errors.contains(part), "\(errors)", sourceLocation: location) }
  }

  /// Expects exit 0.
  func expectSuccess(location: SourceLocation = #_sourceLocation) {
    #expect(status == 0, "\(errors)", sourceLocation: location)
  }
}

extension Process {
  /// Runs the process to its end, reached by signals: Dispatch blocks them in its threads, and children inherit that. A
  /// pipe without a reader ends it, whatever these tests were started with.
  func runWithSignals() throws {
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    let brokenPipe = signal(SIGPIPE, SIG_DFL)
    defer {
      signal(SIGPIPE, brokenPipe)
      pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    try run()
    waitUntilExit()
  }
}
