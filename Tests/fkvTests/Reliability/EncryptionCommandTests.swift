import CacheCodec
import Commands
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// `--key-file` and `FKV_KEY` in every command that reads or writes an `.fkv`.
@Suite struct EncryptionCommandTests {
  private let files = CommandFiles()
  private static let digits = String(repeating: "1f", count: 32)

  init() throws {
    try files.capture("c.safetensors")
    try files.write("key", Array((Self.digits + "\n").utf8))
    try files.write("other", [UInt8](repeating: 5, count: 32))
    for name in ["key", "other"] { #expect(chmod(files.path(name), 0o600) == 0) }
  }

  private func run(_ arguments: String..., key: String? = "key") throws -> CommandRun {
    try CommandRun(arguments + (key.map { ["--key-file", files.path($0)] } ?? []))
  }

  @discardableResult
  private func encrypted(_ profile: String = "lossless") throws -> String {
    try run("compress", files.path("c.safetensors"), "-o", files.path("e.fkv"), "--profile", profile).expectSuccess()
    return files.path("e.fkv")
  }

  /// Commands that read `e.fkv`, with what they write.
  private func readers() -> [[String]] {
    let path = files.path("e.fkv")
    return [
      ["inspect", path], ["verify", path], ["verify", path, "--reference", files.path("c.safetensors")],
      ["restore", path, "-o", files.path("r.out")], ["convert", path, files.path("r.out")],
      ["append", path, files.path("c.safetensors"), "-o", files.path("r.out")],
      ["compress", path, "-o", files.path("r.out"), "--profile", "fourier"],
      ["report", path, "--reference", files.path("c.safetensors"), "-o", files.path("r.out")],
      ["generate", path, "--prompt", "x"],
    ]
  }

  @Test func withoutAKeyNothingReadsIt() throws {
    try encrypted()
    let before = files.scratch.names
    for command in readers() {
      try CommandRun(command).expectRefusal(
        "e.fkv: the file is encrypted, and no key was given", "--key-file", "FKV_KEY")
      try CommandRun(command + ["--key-file", files.path("other")])
        .expectRefusal("e.fkv: the file is encrypted with another key")
    }
    #expect(files.scratch.names == before)
  }

  /// The same contents come back, and reports say that it is encrypted.
  @Test(arguments: ["lossless", "fourier", "spectral"]) func withTheKeyEverythingReadsIt(profile: String) throws {
    let path = try encrypted(profile)
    try run("compress", files.path("c.safetensors"), "-o", files.path("p.fkv"), "--profile", profile, key: nil)
      .expectSuccess()
    try run("restore", path, "-o", files.path("a.safetensors")).expectSuccess()
    try run("restore", files.path("p.fkv"), "-o", files.path("b.safetensors"), key: nil).expectSuccess()
    #expect(try files.bytes("a.safetensors") == files.bytes("b.safetensors"))
    let inspected = try run("inspect", path)
    inspected.expectSuccess()
    #expect(inspected.output.contains("\nencrypted AES-256-GCM"))
    #expect(try run("inspect", path, "--json").json()["encrypted"] as? Bool == true)
    #expect(try run("inspect", files.path("p.fkv"), "--json", key: nil).json()["encrypted"] as? Bool == false)
    try run("verify", path, "--reference", files.path("c.safetensors")).expectSuccess()
    // A key in the environment is the same; one in a file goes first.
    try CommandRun(["verify", path], environment: ["FKV_KEY": Self.digits]).expectSuccess()
    try CommandRun(["verify", path, "--key-file", files.path("key")], environment: ["FKV_KEY": "00"]).expectSuccess()
  }

  /// With a key every `.fkv` that is written is encrypted, and read again with it.
  @Test func whatIsWrittenIsEncrypted() throws {
    let whole = CommandFiles.cache
    _ = try CacheEncoder(.lossless, writer: "test").encode(whole.positions(0..<40), to: files.path("short.fkv"))
    try run("append", files.path("short.fkv"), files.path("c.safetensors"), "-o", files.path("x.fkv"), "--measure")
      .expectSuccess()
    try run("append", files.path("x.fkv"), files.path("c.safetensors"), key: nil)
      .expectRefusal("x.fkv: the file is encrypted")
    try run("verify", files.path("x.fkv"), "--reference", files.path("c.safetensors"), "--max-error", "0")
      .expectSuccess()
    try run("convert", files.path("c.safetensors"), files.path("y.fkv"), "--to", "fkv").expectSuccess()
    try run("inspect", files.path("y.fkv"), key: nil).expectRefusal("y.fkv: the file is encrypted")
    try run("convert", files.path("y.fkv"), files.path("y.safetensors")).expectSuccess()
    try run("restore", files.path("y.fkv"), "-o", files.path("z.fkv"), "--to", "fkv").expectSuccess()
    try run("verify", files.path("z.fkv"), "--reference", files.path("y.safetensors"), key: nil)
      .expectRefusal("z.fkv: the file is encrypted")
  }

  /// Somebody changes a byte and the checksums with it: the section is named, and nothing is written.
  @Test func forgeryIsFound() throws {
    let path = try encrypted()
    let key = try #require(try KeyLocation.find(file: files.path("key"))).key
    let section = try FKVCache(path: path, key: key).reader.sections[2]
    var bytes = try files.bytes("e.fkv")
    bytes[section.payloadOffset] ^= 1
    try files.write("e.fkv", bytes)
    let run = try run("verify", path)
    #expect(run.status == 2 && run.errors.contains("section \(section.id) at byte \(section.offset) is damaged"))
  }

  @Test func keysThatAreNone() throws {
    let path = try encrypted()
    for (name, contents, message) in [
      ("short", Array("abc123".utf8), "6 hexadecimal digits, expected 64"), ("empty", [], "expected 32 bytes or 64"),
      ("long", [UInt8](repeating: 0x61, count: 5000), "256 hexadecimal digits"),
    ] as [(String, [UInt8], String)] {
      try files.write(name, contents)
      try run("verify", path, key: name).expectRefusal("\(name): not a key: ", message)
    }
    try run("verify", path, key: "missing").expectRefusal("missing: cannot open: No such file")
    try CommandRun(["verify", path], environment: ["FKV_KEY": "secret"]).expectRefusal("FKV_KEY: not a key")
    let secret = try CommandRun(["verify", path], environment: ["FKV_KEY": "abcdef"])
    secret.expectRefusal("FKV_KEY: not a key: 6 hexadecimal digits, expected 64")
    #expect(!secret.errors.contains("abcdef"))
  }

  /// A key that others can read is taken, and said to be.
  @Test func aKeyFileThatOthersCanRead() throws {
    let path = try encrypted()
    #expect(chmod(files.path("key"), 0o644) == 0)
    let run = try run("verify", path)
    run.expectSuccess()
    #expect(run.errors.contains("key: the key can be read or changed by others (mode 0644)"))
  }
}
