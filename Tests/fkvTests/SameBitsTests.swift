import CacheCodec
import Foundation
import TestSupport
import Testing

/// Neither the number of threads nor the instructions that are used show in what is written or decoded. `FKV_SIMD` and
/// `FKV_THREADS` are read once a process, so each setting gets processes of its own.
@Suite struct SameBitsTests {
  private let files = CommandFiles()

  private static let levels = ["reference", "portable", "avx2", "avx512"]

  private func run(_ arguments: [String], _ variables: [String: String]) throws {
    try CommandRun(arguments, environment: variables).expectSuccess()
  }

  static let profiles = [
    ["--profile", "lossless"], ["--profile", "fourier", "--window", "9"],
    ["--profile", "spectral", "--step", "0.1", "--block", "8"],
  ]

  /// 1, 2, 3 and 7 threads, each with other instructions.
  @Test(arguments: profiles) func compressAndRestore(profile: [String]) throws {
    let capture = try files.capture(
      "c.safetensors",
      SyntheticCache.make(layers: 7, kvHeads: 2, groupSize: 2, tokens: 70, headDim: 8, slidingWindow: 40))
    func bytes(_ name: String, _ variables: [String: String]) throws -> [[UInt8]] {
      try run(["compress", capture, "-o", files.path(name)] + profile, variables)
      try run(["restore", files.path(name), "-o", files.path("\(name).out")], variables)
      return [try files.bytes(name), try files.bytes("\(name).out")]
    }
    let expected = try bytes("first", ["FKV_THREADS": "1"])
    for (threads, level) in zip(["1", "2", "3", "7"], Self.levels) {
      let found = try bytes("\(threads)", ["FKV_THREADS": threads, "FKV_SIMD": level])
      #expect(found == expected, "\(profile) with \(threads) threads, \(level)")
    }
  }

  /// Every valid vector decodes to the same bytes with each set of instructions; one that this machine lacks is not
  /// chosen.
  @Test func vectors() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("formats/vectors/valid").path
    let paths = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".fkv") }.sorted()
      .map { "\(folder)/\($0)" }.filter { try FKVCache(path: $0).header.basisHash == nil }
    #expect(paths.count > 60)
    func decoded(_ name: String, _ variables: [String: String]) throws -> [String: [UInt8]] {
      try run(["convert"] + paths + ["--output-folder", files.path(name)], variables)
      let names = try FileManager.default.contentsOfDirectory(atPath: files.path(name))
      return Dictionary(uniqueKeysWithValues: try names.map { ($0, try files.bytes("\(name)/\($0)")) })
    }
    let expected = try decoded("first", ["FKV_THREADS": "1"])
    #expect(expected.count == paths.count)
    for level in Self.levels {
      let found = try decoded(level, ["FKV_SIMD": level, "FKV_THREADS": "3"])
      for (name, bytes) in expected where found[name] != bytes { Issue.record("\(name) differs, \(level)") }
    }
  }
}
