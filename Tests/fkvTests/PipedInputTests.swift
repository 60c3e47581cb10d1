import Foundation
import Interchange
import TestSupport
import Testing

/// Inputs that come through pipes, and texts as editors of other systems write them.
@Suite(.serialized) struct PipedInputTests {
  private let files = CommandFiles()
  private let model: String

  init() throws {
    model = TinyModel().write(to: files.path("m.gguf"))
    try files.write("p.txt", Array("a short text".utf8))
  }

  /// Runs a script in which `fkv` is the program.
  private func run(_ script: String, input: [UInt8] = []) throws -> CommandRun {
    try CommandRun(
      [], input: input,
      environment: ["XDG_CACHE_HOME": files.path("cache"), "MODEL": model, "FOLDER": files.scratch.path],
      shell: "cd \"$FOLDER\"; fkv() { \"$FKV_BINARY\" \"$@\"; }; FKV_BINARY=$0; " + script)
  }

  private func tokens(_ name: String) throws -> [Int32] {
    try #require(try CaptureFile(path: files.path(name)).description.tokens)
  }

  @Test func prompts() throws {
    let capture = "--model \"$MODEL\" --threads 1 -o c"
    try run("fkv capture p.txt \(capture)").expectSuccess()
    let expected = try tokens("c")
    for script in [
      "fkv capture <(printf 'a short text') \(capture)", "printf 'a short text' | fkv capture /dev/stdin \(capture)",
      "printf 'a short text' | fkv capture - \(capture)", "fkv capture /dev/stdin \(capture) < p.txt",
      "mkfifo fifo; cat p.txt > fifo & fkv capture fifo \(capture)",
      "printf '\\xEF\\xBB\\xBFa short text' > bom; fkv capture bom \(capture)",
      "printf '\\xEF\\xBB\\xBFa short text' | fkv capture - \(capture)",
    ] {
      try? FileManager.default.removeItem(atPath: files.path("c"))
      try run(script).expectSuccess()
      #expect(try tokens("c") == expected, "\(script)")
    }
  }

  @Test func otherEncodingsAreNamed() throws {
    try files.write("u16", [0xFF, 0xFE] + Array("a".utf16).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    try files.write("u32", [0, 0, 0xFE, 0xFF, 0, 0, 0, 65])
    for (name, encoding) in [("u16", "UTF-16"), ("u32", "UTF-32")] {
      for option in ["", "--token-ids"] {
        try run("fkv capture \(option) \(name) --model \"$MODEL\" -o c").expectRefusal(
          "\(name): the text is \(encoding), and UTF-8 is expected")
      }
    }
    try files.write("key", [0xFF, 0xFE] + (0..<64).flatMap { _ in [UInt8(ascii: "1"), 0] })
    try run("chmod 600 key; fkv inspect key --key-file key").expectRefusal("key: not a key: a text in UTF-16")
  }

  @Test func tokenIDs() throws {
    let capture = "--model \"$MODEL\" --threads 1 -o c"
    for script in [
      "fkv capture --token-ids <(echo '[5, 6, 7]') \(capture)",
      "echo 5 6 7 | fkv capture --token-ids /dev/stdin \(capture)",
      "printf '\\xEF\\xBB\\xBF5 6 7' > ids; fkv capture --token-ids ids \(capture)",
    ] {
      try run(script).expectSuccess()
      #expect(try tokens("c") == [5, 6, 7], "\(script)")
    }
    // And those that another program's file lacks: they are read as far as they go.
    try run("fkv convert c o --tokens <(echo 1 x)").expectRefusal("entry 1 is no token id: 'x'")
  }

  @Test func keys() throws {
    let digits = String(repeating: "1f", count: 32)
    try files.capture()
    try files.write("bom", [0xEF, 0xBB, 0xBF] + Array((digits + "\r\n").utf8))
    let encrypted = try run("chmod 600 bom; fkv compress c.safetensors -o e.fkv --key-file bom")
    encrypted.expectSuccess()
    #expect(!encrypted.errors.contains("can be read"))
    for script in [
      "fkv verify e.fkv --key-file <(printf \(digits))", "printf \(digits) | fkv verify e.fkv --key-file /dev/stdin",
      "fkv verify e.fkv --key-file <(printf '\\x1f%.0s' {1..32})",
      "mkfifo -m 600 fifo; printf \(digits) > fifo & fkv verify e.fkv --key-file fifo",
    ] {
      let run = try run(script)
      run.expectSuccess()
      #expect(run.errors == "", "\(script): \(run.errors)")
    }
    let open = try run("mkfifo -m 644 open; printf \(digits) > open & fkv verify e.fkv --key-file open")
    #expect(open.status == 0 && open.errors.contains("open: the key can be read or changed by others (mode 0644)"))
    // A stream without an end is not read to it.
    try run("fkv verify e.fkv --key-file /dev/zero").expectRefusal("/dev/zero: not a key")
  }

  @Test func questionsAndContinuations() throws {
    try run("fkv capture p.txt --model \"$MODEL\" --threads 1 -o c && fkv compress c -o c.fkv").expectSuccess()
    let generate = "fkv generate c --model \"$MODEL\" --threads 1 -n 4 --json -p"
    let expected = try run("\(generate) 'and more'").json()["tokens"] as? [Int]
    let verify = "fkv verify c.fkv --reference c --model \"$MODEL\" --threads 1 --json --continue"
    let predicted = try run("\(verify) 'and more'").json()["kl_mean"] as? Double
    #expect(expected != nil && predicted != nil)
    for source in ["<(printf 'and more')", "<(printf '\\xEF\\xBB\\xBFand more')"] {
      #expect(try run("\(generate) \(source)").json()["tokens"] as? [Int] == expected)
      #expect(try run("\(verify) \(source)").json()["kl_mean"] as? Double == predicted)
    }
    #expect(try run("printf 'and more' | \(generate) /dev/stdin").json()["tokens"] as? [Int] == expected)
  }
}
