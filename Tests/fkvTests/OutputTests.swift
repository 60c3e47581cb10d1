import FileIO
import Foundation
import Testing

/// Targets that cannot be written: nothing is left behind, and what was there stays.
@Suite struct OutputTests {
  private let files = CommandFiles()

  /// Commands that write, each with a good input.
  private func commands() throws -> [[String]] {
    [["compress", try files.capture()], ["restore", try files.compressed()]]
  }

  @Test func unwritableTargets() throws {
    try files.write("file", [1])
    for command in try commands() {
      func run(_ target: String) throws -> CommandRun { try CommandRun(command + ["-o", target]) }
      // Below a regular file, where even root cannot write.
      try run(files.path("file/x")).expectRefusal("file/x: cannot", "Not a directory")
      try run(files.path("missing/x")).expectRefusal("missing/x: cannot", "No such file or directory")
      try run(files.scratch.path).expectRefusal("Is a directory")
      try run("/dev/full").expectRefusal("/dev/full: not a regular file")
      try run("").expectRefusal("cannot")
    }
    #expect(files.scratch.names == ["c.fkv", "c.safetensors", "file"])
  }

  /// No file may grow beyond a few kilobytes, as on a full disk.
  @Test func aFullDisk() throws {
    let commands = try commands()
    try files.write("old", Array("before".utf8))
    for command in commands {
      for target in ["new", "old"] {
        let run = try CommandRun(command + ["-o", files.path(target)], fileBlocks: 4)
        run.expectRefusal("\(target): cannot write: File too large")
      }
    }
    #expect(files.scratch.names == ["c.fkv", "c.safetensors", "old"])
    #expect(try files.bytes("old") == Array("before".utf8))
  }

  @Test func existingTargetsAreReplaced() throws {
    try files.write("old", Array("before".utf8))
    for command in try commands() {
      try CommandRun(command + ["-o", files.path("old")]).expectSuccess()
      #expect(try files.bytes("old").count > 1000)
    }
  }
}
