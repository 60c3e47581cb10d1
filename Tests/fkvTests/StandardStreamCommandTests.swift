import FileIO
import Foundation
import TestSupport
import Testing

/// Standard streams that are full, closed or broken, in every command: results that are lost are an error, messages that
/// are lost are none.
@Suite(.serialized) struct StandardStreamCommandTests {
  private let files = CommandFiles()

  private func run(_ arguments: [String], _ shell: String, input: [UInt8] = []) throws -> CommandRun {
    try CommandRun(
      arguments, input: input, environment: ["XDG_CACHE_HOME": files.path("cache")], shell: "\"$0\" \"$@\" " + shell)
  }

  /// Commands that succeed, with what they print; the tiny model's go last.
  private func commands() throws -> [[String]] {
    let (capture, cache) = (try files.capture(), try files.compressed("c.fkv", .lossless))
    try files.write("p.txt", Array("a short text".utf8))
    let model = TinyModel().write(to: files.path("m.gguf"))
    let engine = ["--model", model, "--threads", "1"]
    let real = files.path("real.safetensors")
    try run(["capture", files.path("p.txt"), "-o", real] + engine, "").expectSuccess()
    return [
      ["--help"], ["--version"], ["help", "compress"], ["inspect", cache], ["inspect", cache, "--json"],
      ["verify", cache], ["verify", cache, "--json"], ["convert", "--list"], ["convert", "--list", "--json"],
      ["convert", capture, files.path("o")], ["convert", capture, files.path("o"), "--json"],
      ["convert", capture, "--output-folder", files.path("f")], ["compress", capture, "-o", files.path("o")],
      ["restore", cache, "-o", files.path("o")], ["report", cache, "--reference", capture, "-o", files.path("o")],
      ["synthetic", "-o", files.path("o"), "--tokens", "8", "--layers", "1"],
      ["bench", capture, "--methods", "lossless"], ["bench", capture, "--methods", "lossless", "--json"],
      ["bench", "attention", "--synthetic", "64", "--runs", "1"],
      ["capture", files.path("p.txt"), "-o", files.path("o")] + engine,
      ["calibrate", real, "-o", files.path("o")], ["calibrate", real, "-o", files.path("o"), "--json"],
      ["generate", real, "-n", "2"] + engine, ["generate", real, "-n", "2", "--json"] + engine,
    ]
  }

  @Test func resultsThatAreLostAreAnError() throws {
    for command in try commands() {
      let full = try run(command, "> /dev/full")
      #expect(full.status == 2, "\(command)")
      #expect(
        full.errors.hasSuffix("fkv: error: standard output: cannot write: No space left on device\n"), "\(command)")
      let closed = try run(command, ">&-")
      #expect(closed.status == 2, "\(command)")
      #expect(closed.errors.hasSuffix("fkv: error: standard output: cannot write: Bad file descriptor\n"), "\(command)")
      // As long as somebody listens all is well.
      try run(command, "").expectSuccess()
    }
  }

  /// Quietly, as other programs end: of SIGPIPE. Where that is ignored, the write's error is told.
  @Test func aReaderThatGoesAway() throws {
    let list = ["convert", "--list"]
    let piped = try CommandRun(list, shell: "(sleep 0.2; \"$0\" \"$@\") | true; echo ${PIPESTATUS[0]}")
    #expect(piped.output == "141\n" && piped.errors == "")
    let ignored = try CommandRun(list, shell: "trap '' PIPE; (sleep 0.2; \"$0\" \"$@\") | true; echo ${PIPESTATUS[0]}")
    #expect(ignored.output == "2\n")
    #expect(ignored.errors == "fkv: error: standard output: cannot write: Broken pipe\n")
    // What was written meanwhile is whole.
    let capture = try files.capture()
    let write = ["compress", capture, "-o", files.path("o.fkv")]
    let run = try CommandRun(write, shell: "(sleep 0.2; \"$0\" \"$@\") | true; echo ${PIPESTATUS[0]}")
    #expect(run.output == "141\n")
    try CommandRun(["verify", files.path("o.fkv")]).expectSuccess()
  }

  @Test func messagesThatAreLostChangeNothing() throws {
    let cache = try files.compressed()
    for (arguments, status) in [
      (["inspect", files.path("none.fkv")], Int32(2)), (["inspect"], 64), (["inspect", cache], 0),
    ] {
      for shell in ["2> /dev/full", "2>&-", "2> >(true)"] { #expect(try run(arguments, shell).status == status) }
      for before in ["", "trap '' PIPE; "] {
        let script = before + "(sleep 0.2; \"$0\" \"$@\" 2>&1 > /dev/null) | true; exit ${PIPESTATUS[0]}"
        #expect(try CommandRun(arguments, shell: script).status == status)
      }
    }
  }

  /// Nothing is opened as a stream that was closed, the process's own pipes least of all.
  @Test(.timeLimit(.minutes(2))) func closedStreamsAreNotFilesOfTheCommand() throws {
    let capture = try files.capture()
    try run(["compress", capture, "-o", files.path("good")], "").expectSuccess()
    for (shell, status) in [("<&-", Int32(0)), ("2>&-", 0), ("<&- 2>&-", 0), (">&-", 2), ("<&- >&- 2>&-", 2)] {
      try? FileManager.default.removeItem(atPath: files.path("o"))
      #expect(try run(["compress", capture, "-o", files.path("o")], shell).status == status)
      #expect(try files.bytes("o") == files.bytes("good"))
    }
    for name in ["-", "/dev/stdin"] {
      // The prompt is read before the model.
      try run(["capture", name, "--model", "m.gguf", "-o", files.path("o")], "<&-")
        .expectRefusal("standard input: cannot read: Bad file")
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [SIGINT, SIGTERM, SIGHUP])
  func signalsEndItWithoutStreams(signal: Int32) throws {
    #expect(mkfifo(files.path("fifo"), 0o600) == 0)
    // It waits for a prompt that nobody writes.
    let run = try CommandRun(
      ["capture", files.path("fifo"), "-o", files.path("o")],
      shell: "set -m; \"$0\" \"$@\" <&- >&- 2>&- & sleep 1; kill -\(signal) $!; wait $!; exit $?")
    #expect(run.status == 128 + signal)
  }
}
