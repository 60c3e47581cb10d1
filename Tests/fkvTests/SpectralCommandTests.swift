import CacheCodec
import Foundation
import KVCacheModel
import TestSupport
import Testing

/// Profile `spectral` through the built binary.
@Suite struct SpectralCommandTests {
  private let files = CommandFiles()

  /// Runs `fkv` with an environment of its own.
  private func run(_ arguments: [String], _ variables: [String: String]) throws {
    try CommandRun(arguments, environment: variables).expectSuccess()
  }

  static let environments = [
    ["FKV_THREADS": "1"], ["FKV_THREADS": "7"], ["FKV_SIMD": "reference"],
    ["FKV_SIMD": "portable", "FKV_THREADS": "3"],
  ]

  /// Neither threads nor vector instructions show in the bytes, or in what they decode to.
  @Test func theSameBytesAndTensorsEverywhere() throws {
    let capture = try files.capture()
    try run(["compress", capture, "-o", files.path("0.fkv"), "--target-error", "0.1", "--block", "8"], [:])
    try run(["restore", files.path("0.fkv"), "-o", files.path("0.safetensors")], [:])
    let (packed, restored) = (try files.bytes("0.fkv"), try files.bytes("0.safetensors"))
    for (index, variables) in Self.environments.enumerated() {
      let (file, tensors) = ("\(index + 1).fkv", "\(index + 1).safetensors")
      try run(["compress", capture, "-o", files.path(file), "--target-error", "0.1", "--block", "8"], variables)
      #expect(try files.bytes(file) == packed, "\(variables)")
      try run(["restore", files.path("0.fkv"), "-o", files.path(tensors)], variables)
      #expect(try files.bytes(tensors) == restored, "\(variables)")
    }
  }

  private static let note = "names no rotary embedding for"

  /// Keys whose rotation is unknown are coded as they are, and that is said.
  @Test func unknownRotationsAreNamed() throws {
    let plain = SyntheticCache.make(layers: 3, tokens: 40, headDim: 8, pairing: .none)
    let run = try CommandRun([
      "compress", try files.capture("p.safetensors", plain), "-o", files.path("p.fkv"), "--step", "0.1",
    ])
    run.expectSuccess()
    #expect(
      run.errors.contains("fkv: the cache names no rotary embedding for its layers: their keys are coded as they are"))
    #expect(try FKVCache(path: files.path("p.fkv")).description.ropes[0].pairing == .none)

    var mixed = SyntheticCache.make(layers: 4, tokens: 40, headDim: 8, slidingWindow: 10)
    mixed.description.ropes[1] = .none
    let second = try CommandRun([
      "compress", try files.capture("m.safetensors", mixed), "-o", files.path("m.fkv"), "--step", "0.1",
    ])
    second.expectSuccess()
    #expect(second.errors.contains("for 2 of 4 layers"))
  }

  @Test func knownRotationsAreNot() throws {
    for arguments in [["--step", "0.1"], ["--profile", "lossless"]] {
      let run = try CommandRun(["compress", try files.capture(), "-o", files.path("c.fkv")] + arguments)
      run.expectSuccess()
      #expect(!run.errors.contains(Self.note))
    }
  }

  /// A ratio out of reach: exit 1 with both numbers, and the file stays. One that can be had: exit 0 and no such line.
  @Test func ratiosOutOfReach() throws {
    let capture = try files.capture()
    let unmet = try CommandRun(["compress", capture, "-o", files.path("c.fkv"), "--ratio", "100000"])
    #expect(unmet.status == 1, "\(unmet.errors)")
    #expect(unmet.errors.contains("the ratio asked for, 1") && unmet.errors.contains("was not reached"))
    _ = try FKVCache(path: files.path("c.fkv"))
    let met = try CommandRun(["compress", capture, "-o", files.path("c.fkv"), "--ratio", "1"])
    met.expectSuccess()
    #expect(!met.errors.contains("was not reached"))
  }
}
