import FKVFormat
import Foundation
import Testing

/// `fkv restore --salvage`, what `fkv verify` says of the same files, and the limits of decoding.
@Suite struct SalvageCommandTests {
  private let files = CommandFiles()

  private func damaged(_ edit: (inout [UInt8], [SectionEntry]) -> Void) throws -> String {
    let sections = try FKVReader(path: files.compressed("whole.fkv", .lossless)).sections
    var bytes = try files.bytes("whole.fkv")
    edit(&bytes, sections)
    try files.write("d.fkv", bytes)
    return files.path("d.fkv")
  }

  @Test func whatIsLostIsNamed() throws {
    // Sections stand as: token ids, keys and values of layers 0, 1, 2, header.
    let path = try damaged { $0[$1[5].payloadOffset] ^= 1 }
    let verified = try CommandRun(["verify", path])
    #expect(verified.status == 2 && verified.errors.contains("d.fkv: section lossless-keys layer 2 at byte "))
    try CommandRun(["restore", path, "-o", files.path("r")]).expectRefusal("d.fkv: section lossless-keys layer 2")
    #expect(!FileManager.default.fileExists(atPath: files.path("r")))
    let run = try CommandRun(["restore", path, "-o", files.path("r"), "--salvage"])
    #expect(run.status == 1)
    #expect(run.output == "\(files.path("r")): 3 layers × 2 KV heads (6 query heads) × 60 tokens × 8 dims\n")
    #expect(run.errors.hasPrefix("fkv: lost: keys of layer 2, rows 0 to 59: section lossless-keys layer 2 at byte "))
    #expect(run.errors.filter(\.isNewline).count == 1)
  }

  @Test func aWholeFileLosesNothing() throws {
    let run = try CommandRun(["restore", damaged { _, _ in }, "-o", files.path("r"), "--salvage"])
    run.expectSuccess()
    #expect(run.errors == "")
    try CommandRun(["restore", files.path("whole.fkv"), "-o", files.path("s")]).expectSuccess()
    #expect(try files.bytes("r") == files.bytes("s"))
  }

  @Test func withoutADirectory() throws {
    let path = try damaged { bytes, _ in bytes.removeLast() }
    try CommandRun(["verify", path]).expectRefusal("d.fkv: the prologue declares a file of ")
    let run = try CommandRun(["restore", path, "-o", files.path("r"), "--salvage"])
    run.expectSuccess()
    #expect(run.errors.hasPrefix("fkv: sections were searched for: the prologue declares a file of "))
    let headless = try damaged { $0.removeLast($0.count - $1[$1.count - 1].offset) }
    try CommandRun(["restore", headless, "-o", files.path("s"), "--salvage"])
      .expectRefusal("d.fkv: the prologue declares a file of ")
  }

  @Test func memoryIsLimitedOnDemand() throws {
    let path = try files.compressed()
    for command in [["verify", path], ["restore", path, "-o", files.path("r")]] {
      try CommandRun(command + ["--max-memory", "1K"])
        .expectRefusal("c.fkv: layer 0 keys: decoding takes ", " bytes of memory, the limit is 1024")
      try CommandRun(command + ["--max-memory", "1M"]).expectSuccess()
    }
  }

  static let misuses = [
    ["--salvage", "--tokens", "1-2"], ["--salvage", "--to", "capture"], ["--max-memory", "0"], ["--max-memory", "-1"],
    ["--max-memory", "8Q"], ["--max-memory", "G"], ["--max-memory", "1.5G"], ["--max-memory", "9999999999G"],
  ]

  @Test(arguments: misuses) func misuseExitsWith64(options: [String]) throws {
    let run = try CommandRun(["restore", "f", "-o", "r"] + options)
    #expect(run.status == 64 && run.output == "" && run.errors.contains("Error: "), "\(run)")
  }
}
