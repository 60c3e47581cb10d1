import CacheCodec
import Commands
import Foundation
import KVCacheModel
import TestSupport
import Testing

/// `fkv append` and `fkv restore --tokens` through the built binary.
@Suite struct AppendCommandTests {
  private let files = CommandFiles()

  private func run(_ arguments: String...) throws -> CommandRun { try CommandRun(arguments) }

  /// The first 40 of 60 tokens as c.fkv, all of them as long.safetensors.
  private func make(_ options: String...) throws {
    try files.capture("long.safetensors")
    try files.capture("short.safetensors", CommandFiles.cache.positions(0..<40))
    try CommandRun(["compress", files.path("short.safetensors"), "-o", files.path("c.fkv")] + options).expectSuccess()
  }

  @Test func appendingInPlace() throws {
    try make("--step", "0.2")
    let run = try run("append", files.path("c.fkv"), files.path("long.safetensors"))
    run.expectSuccess()
    #expect(run.output.hasPrefix("\(files.path("c.fkv")): profile spectral, 20 tokens appended, 60 in all, "))
    #expect(run.errors == "")
    let verify = try self.run(
      "verify", files.path("c.fkv"), "--reference", files.path("long.safetensors"), "--json")
    verify.expectSuccess()
    #expect(try verify.json()["probe_queries"] as? Int == 5)
    #expect(files.scratch.names == ["c.fkv", "long.safetensors", "short.safetensors"])
  }

  @Test func measuringAndAnotherOutput() throws {
    try make("--profile", "lossless")
    let before = try files.bytes("c.fkv")
    let run = try run(
      "append", files.path("c.fkv"), files.path("long.safetensors"), "-o", files.path("l.fkv"), "--measure")
    run.expectSuccess()
    #expect(run.output.contains("\nattention-output error 0 mean, 0 max over 5 probe queries\n"))
    #expect(try files.bytes("c.fkv") == before)
    let json = try self.run("inspect", files.path("l.fkv"), "--json").json()
    #expect((json["stored_error"] as? [String: Any])?["mean"] as? Double == 0)
    #expect((json["geometry"] as? [String: Any])?["tokens"] as? Int == 60)
  }

  @Test func halfPrecisionCoefficientsAreSaid() throws {
    try make("--profile", "fourier", "--window", "8", "--period", "64")
    let run = try run("append", files.path("c.fkv"), files.path("long.safetensors"))
    run.expectSuccess()
    #expect(run.errors.contains("'--coefficients f32'"))
    try make("--profile", "fourier", "--window", "8", "--period", "64", "--coefficients", "f32")
    #expect(try self.run("append", files.path("c.fkv"), files.path("long.safetensors")).errors == "")
  }

  @Test func refusals() throws {
    try make("--profile", "fourier", "--window", "8", "--period", "40")
    let before = try files.bytes("c.fkv")
    try run("append", files.path("c.fkv"), files.path("long.safetensors"))
      .expectRefusal("c.fkv: ", "a period of 40 tokens", "the middle would have 48")
    try run("append", files.path("c.fkv"), files.path("short.safetensors"))
      .expectRefusal("nothing to append: the file ends at position 40, the addition at 40")
    var other = CommandFiles.cache
    other.description.tokens![7] = 5
    try files.capture("other.safetensors", other)
    try run("append", files.path("c.fkv"), files.path("other.safetensors"))
      .expectRefusal("the token at position 7 is \(CommandFiles.cache.description.tokens![7]) in the file, 5 in")
    other.description.tokens = nil
    try files.capture("other.safetensors", other)
    try run("append", files.path("c.fkv"), files.path("other.safetensors")).expectRefusal("--unchecked")
    #expect(try files.bytes("c.fkv") == before)
    // A disk that is full.
    try make("--profile", "lossless")
    let lossless = try files.bytes("c.fkv")
    try CommandRun(["append", files.path("c.fkv"), files.path("long.safetensors")], fileBlocks: 4)
      .expectRefusal("c.fkv: ")
    #expect(try files.bytes("c.fkv") == lossless && !files.scratch.names.contains { $0.hasPrefix(".") })
  }

  @Test func restoringSomeTokens() throws {
    try make("--profile", "lossless")
    let run = try run("restore", files.path("c.fkv"), "-o", files.path("r"), "--tokens", "8-17")
    run.expectSuccess()
    #expect(run.output.contains("× 10 tokens ×"))
    try self.run("restore", files.path("c.fkv"), "-o", files.path("r"), "--tokens", "38-").expectSuccess()
    try self.run("restore", files.path("c.fkv"), "-o", files.path("r2"), "--tokens", "38-40")
      .expectRefusal("c.fkv: positions 38 to 40 are asked for, the cache holds 0 to 39")
    #expect(!files.scratch.names.contains("r2"))
  }
}
