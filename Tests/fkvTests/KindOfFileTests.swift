import TestSupport
import Testing

/// A file that is no `.fkv` is called by what it is, in every command that takes one.
@Suite struct KindOfFileTests {
  private let files = CommandFiles()

  @Test(arguments: ["inspect", "verify", "restore", "append"]) func otherFilesAreNamed(command: String) throws {
    try files.capture()
    try files.capture("other.safetensors")
    try files.write("t", Array("Some words that a person wrote.".utf8))
    try files.write("g", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3])
    try files.write("r", [7, 0xFF, 0, 3, 0xFE, 1, 2, 3, 4, 5])
    for (name, kind) in [
      ("c.safetensors", "; it is a capture; fkv compress makes an .fkv of it"), ("t", "; it is text"),
      ("g", "; it is compressed by gzip; decompress it first"), ("r", "0d 0a 1a 0a\n"),
    ] {
      let more = ["restore": ["-o", files.path("o")], "append": [files.path("other.safetensors")]][command] ?? []
      let run = try CommandRun([command, files.path(name)] + more)
      #expect(run.status == 2 && run.errors.contains("not an fkv file: it starts with"), "\(run.errors)")
      #expect(run.errors.hasSuffix(kind) || run.errors.hasSuffix(kind + "\n"), "\(run.errors)")
    }
  }

  /// Steps and errors that Float32 cannot hold are refused before anything is read.
  @Test func stepsHaveARange() throws {
    try files.capture()
    for (option, value) in [
      ("--step", "1e-300"), ("--step", "4e38"), ("--target-error", "1e-46"), ("--target-error", "1e37"),
    ] {
      let run = try CommandRun(["compress", files.path("c.safetensors"), "-o", files.path("o.fkv"), option, value])
      #expect(run.status == 64 && run.errors.contains("'\(option) <"), "\(run.errors)")
      #expect(run.errors.contains("must lie in 1e-30…1e+30, not \(value)"), "\(run.errors)")
    }
    for value in ["1e-30", "1e30"] {
      try CommandRun(["compress", files.path("c.safetensors"), "-o", files.path("o.fkv"), "--step", value])
        .expectSuccess()
      try CommandRun(["verify", files.path("o.fkv")]).expectSuccess()
    }
  }
}
