import CacheCodec
import Commands
import Foundation
import KVCacheModel
import TestSupport
import Testing

/// What outputs tell of the prompt, and to whom.
@Suite struct PrivacyTests {
  private let files = CommandFiles()

  private func mode(_ name: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: files.path(name))[.posixPermissions] as? Int
  }

  /// Every file that a command writes is its owner's alone, whatever the one before was.
  @Test func outputsAreTheirOwners() throws {
    try files.capture("c.safetensors")
    try files.compressed("c.fkv", .lossless)
    _ = try CacheEncoder(.lossless, writer: "test")
      .encode(CommandFiles.cache.positions(0..<40), to: files.path("short.fkv"))
    let path = files.path
    let commands: [(String, [String])] = [
      ("a.fkv", ["compress", path("c.safetensors"), "-o", path("a.fkv")]),
      ("b.safetensors", ["restore", path("c.fkv"), "-o", path("b.safetensors")]),
      ("d.bin", ["convert", path("c.fkv"), path("d.bin"), "--to", "llama-state"]),
      ("f.fkvbasis", ["calibrate", path("c.safetensors"), "-o", path("f.fkvbasis")]),
      ("g.fkv", ["append", path("short.fkv"), path("c.safetensors"), "-o", path("g.fkv")]),
      ("h.html", ["report", path("c.fkv"), "--reference", path("c.safetensors"), "-o", path("h.html")]),
      (
        "i.safetensors",
        [
          "synthetic", "-o", path("i.safetensors"), "--layers", "1", "--tokens", "8", "--head-dim", "4",
        ]
      ),
    ]
    for (name, arguments) in commands {
      try files.write(name, [1])
      #expect(chmod(files.path(name), 0o666) == 0)
      let run = try CommandRun(arguments)
      run.expectSuccess()
      #expect(try mode(name) == 0o600, "\(name)")
    }
  }

  /// `--no-tokens`: inspect says so, and what needs the ids says that they are missing.
  @Test func withoutTokenIDs() throws {
    try files.capture("c.safetensors")
    let path = files.path
    func json(_ file: String) throws -> Bool? {
      try CommandRun(["inspect", path(file), "--json"]).json()["has_tokens"] as? Bool
    }
    for (name, arguments) in [
      ("a.fkv", ["compress", path("c.safetensors"), "-o", path("a.fkv")]),
      ("b.fkv", ["convert", path("c.safetensors"), path("b.fkv"), "--to", "fkv"]),
    ] {
      try CommandRun(arguments).expectSuccess()
      #expect(try json(name) == true)
      #expect(try CommandRun(["inspect", path(name)]).output.contains("the prompt's token ids are in the file"))
      try CommandRun(arguments + ["--no-tokens"]).expectSuccess()
      #expect(try json(name) == false)
      #expect(try CommandRun(["inspect", path(name)]).output.contains("no token ids in the file"))
      try CommandRun(["verify", path(name), "--reference", path("c.safetensors")]).expectSuccess()
      try CommandRun(["restore", path(name), "-o", path("r.safetensors")]).expectSuccess()
      try CommandRun(["convert", path(name), path("r.bin"), "--to", "llama-state"]).expectSuccess()
      // What is addressed by token ids cannot be written without them.
      try CommandRun(["convert", path(name), path("r.lm"), "--to", "lmcache", "--model-name", "m"])
        .expectRefusal("token ids")
    }
    var encoder = CacheEncoder(.lossless, writer: "test")
    encoder.includesTokens = false
    _ = try encoder.encode(CommandFiles.cache.positions(0..<40), to: path("short.fkv"))
    try CommandRun(["append", path("short.fkv"), path("c.safetensors")]).expectRefusal("token ids", "--unchecked")
    try CommandRun(["append", path("short.fkv"), path("c.safetensors"), "--unchecked"]).expectSuccess()
    try CommandRun(["convert", path("c.safetensors"), path("n.safetensors"), "--no-tokens"]).expectSuccess()
    #expect(!(try String(decoding: files.bytes("n.safetensors").prefix(4096), as: UTF8.self).contains("\"tokens\"")))
  }
}
