import CacheCodec
import Commands
import Foundation
import KVCacheModel
import TestSupport
import Testing

/// Commands on caches that are coded with a model's basis; each test has a cache folder of its own.
@Suite struct BasisCommandTests {
  private let files = CommandFiles()
  private let basis: ModelBasis

  init() throws {
    basis = try Self.learn(seeds: [2, 3], to: files.path("m.fkvbasis"))
    try files.capture()
  }

  /// A basis for the model of `CommandFiles.cache`, learned from caches of other texts.
  private static func learn(seeds: [UInt64], to path: String, fingerprint: String? = nil) throws -> ModelBasis {
    var calibrator = BasisCalibrator()
    for seed in seeds {
      var cache = SyntheticCache.make(
        layers: 3, kvHeads: 2, groupSize: 3, tokens: 60, headDim: 8, probe: 5, seed: seed)
      cache.description.model = CommandFiles.cache.description.model
      if let fingerprint { cache.description.model.fingerprint = fingerprint }
      try calibrator.add(cache, name: "text \(seed)")
    }
    return try ModelBasisFile.write(calibrator.basis(writer: "test"), to: path)
  }

  /// Runs a command; arguments that are names of files mean files of the test's folder.
  private func run(_ arguments: String...) throws -> CommandRun { try run(arguments) }

  private func run(_ arguments: [String]) throws -> CommandRun {
    try CommandRun(
      arguments.map { argument in
        [".fkv", ".fkvbasis", ".safetensors"].contains { argument.hasSuffix($0) } ? files.path(argument) : argument
      }, cacheFolder: files.path("cache"))
  }

  /// Where the basis of the model of `CommandFiles.cache` lies in the cache folder.
  private var place: String {
    files.path("cache") + "/fkv/bases/\(CommandFiles.cache.description.model.fingerprint).fkvbasis"
  }

  private func install(_ name: String) throws {
    let folder = URL(fileURLWithPath: place).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: files.path(name), toPath: place)
  }

  @Test func aNamedBasis() throws {
    let compress = try run("compress", "c.safetensors", "-o", "c.fkv", "--basis-file", "m.fkvbasis")
    compress.expectSuccess()
    #expect(compress.output.contains("basis model \(basis.hash) (") && compress.output.contains("outside this file)"))
    #expect(compress.output.contains(files.path("m.fkvbasis")))
    let inspect = try run("inspect", "c.fkv")
    inspect.expectSuccess()
    #expect(inspect.output.contains("basis model \(basis.hash) ("))
    let outside = try #require(try run("inspect", "c.fkv", "--json").json()["basis_outside"] as? [String: Any])
    #expect(outside["hash"] as? String == basis.hash && outside["bytes"] as? Int == basis.fileBytes)

    let verify = try run("verify", "c.fkv", "--reference", "c.safetensors", "--basis-file", "m.fkvbasis", "--json")
    verify.expectSuccess()
    let error = try #require(try verify.json()["attention_output_error"] as? [String: Any])
    #expect(try #require(error["mean"] as? Double) <= 0.0500001)
    try run("restore", "c.fkv", "-o", "r.safetensors", "--basis-file", "m.fkvbasis").expectSuccess()
    try run("verify", "c.fkv", "--basis-file", "m.fkvbasis").expectSuccess()
    // A compressed cache as the input of compress needs its basis too.
    try run("compress", "c.fkv", "-o", "l.fkv", "--profile", "lossless", "--basis-file", "m.fkvbasis").expectSuccess()
    try run("restore", "l.fkv", "-o", "s.safetensors").expectSuccess()
    for name in ["r.safetensors", "s.safetensors"] { #expect(FileManager.default.fileExists(atPath: files.path(name))) }
  }

  /// What lies in the cache folder is taken without being named, and said.
  @Test func theBasisOfTheCacheFolder() throws {
    let plain = try run("compress", "c.safetensors", "-o", "e.fkv")
    plain.expectSuccess()
    #expect(plain.output.contains("basis embedded"))
    try run("compress", "c.safetensors", "-o", "c.fkv", "--basis", "model")
      .expectRefusal("there is no basis for model synthetic", place, "fkv calibrate")

    try install("m.fkvbasis")
    let compress = try run("compress", "c.safetensors", "-o", "c.fkv")
    compress.expectSuccess()
    #expect(compress.output.contains("basis model \(basis.hash)") && compress.output.contains(place))
    try run("compress", "c.safetensors", "-o", "d.fkv", "--basis", "model").expectSuccess()
    #expect(try files.bytes("c.fkv") == files.bytes("d.fkv"))
    try run("verify", "c.fkv", "--reference", "c.safetensors", "--max-error", "0.05").expectSuccess()
    try run("restore", "c.fkv", "-o", "r.safetensors").expectSuccess()
    // Asked for, the other bases are there still.
    for basis in ["embedded", "none"] {
      let run = try run("compress", "c.safetensors", "-o", "o.fkv", "--basis", basis, "--ratio", "2")
      run.expectSuccess()
      #expect(run.output.contains("basis \(basis)"))
    }
    let grouped = try run("compress", "c.safetensors", "-o", "o.fkv", "--group-layers", "1", "--ratio", "2")
    #expect(grouped.output.contains("basis embedded"))
  }

  /// A file finds its basis under the hash when a newer one has taken the model's place.
  @Test func anOlderBasis() throws {
    try run("compress", "c.safetensors", "-o", "c.fkv", "--basis-file", "m.fkvbasis").expectSuccess()
    try install("m.fkvbasis")
    let older = place.replacingOccurrences(of: ".fkvbasis", with: "-\(basis.hash).fkvbasis")
    try FileManager.default.moveItem(atPath: place, toPath: older)
    _ = try Self.learn(seeds: [4], to: place)
    try run("verify", "c.fkv").expectSuccess()
    try FileManager.default.removeItem(atPath: older)
    try run("verify", "c.fkv").expectRefusal(
      "c.fkv: the file needs the basis file with hash \(basis.hash)", older, place)
  }

  @Test func aMissingBasis() throws {
    try run("compress", "c.safetensors", "-o", "c.fkv", "--basis-file", "m.fkvbasis").expectSuccess()
    for command in [["verify", "c.fkv"], ["restore", "c.fkv", "-o", "r.safetensors"]] {
      try run(command).expectRefusal(
        "c.fkv: the file needs the basis file with hash \(basis.hash)", place, "--basis-file")
    }
    try run("compress", "c.fkv", "-o", "d.fkv").expectRefusal(basis.hash, place)
    try run("inspect", "c.fkv").expectSuccess()
    try run("verify", "c.fkv", "--basis-file", "none.fkvbasis").expectRefusal("none.fkvbasis: cannot open")
    #expect(files.scratch.names == ["c.fkv", "c.safetensors", "m.fkvbasis"])
  }

  @Test func aWrongBasis() throws {
    try run("compress", "c.safetensors", "-o", "c.fkv", "--basis-file", "m.fkvbasis").expectSuccess()
    let other = try Self.learn(seeds: [4], to: files.path("o.fkvbasis"))
    for command in [["verify", "c.fkv"], ["restore", "c.fkv", "-o", "r.safetensors"]] {
      try run(command + ["--basis-file", "o.fkvbasis"]).expectRefusal("o.fkvbasis", basis.hash, other.hash)
    }
    _ = try Self.learn(seeds: [4], to: files.path("x.fkvbasis"), fingerprint: "ff")
    try run("compress", "c.safetensors", "-o", "d.fkv", "--basis-file", "x.fkvbasis")
      .expectRefusal("the basis file was made for model synthetic (ff)", "the cache is of model synthetic (1)")
    #expect(!files.scratch.names.contains("d.fkv"))
  }

  @Test func filesThatAreNoBasis() throws {
    try run("compress", "c.safetensors", "-o", "c.fkv", "--basis-file", "c.safetensors")
      .expectRefusal("c.safetensors: not an fkv file")
    try files.compressed("f.fkv")
    try run("compress", "c.safetensors", "-o", "c.fkv", "--basis-file", "f.fkv").expectRefusal(
      "f.fkv: not a basis file")
    for command in ["inspect", "verify"] {
      try run(command, "m.fkvbasis").expectRefusal("m.fkvbasis: a basis file, which holds no cache")
    }
    var bytes = try files.bytes("m.fkvbasis")
    bytes[100] ^= 1
    try files.write("m.fkvbasis", bytes)
    try run("compress", "c.safetensors", "-o", "c.fkv", "--basis-file", "m.fkvbasis")
      .expectRefusal("m.fkvbasis: section basis-keys layer 0")
    // One that lies in the cache folder is not passed over in silence.
    try install("m.fkvbasis")
    try run("compress", "c.safetensors", "-o", "c.fkv").expectRefusal("section basis-keys layer 0")
    #expect(!files.scratch.names.contains("c.fkv"))
  }

  @Test func optionsThatDoNotGoTogether() throws {
    for options in [
      ["--basis", "model", "--group-layers", "2"], ["--basis-file", "m.fkvbasis", "--group-layers", "2"],
    ] {
      let run = try run(["compress", "c.safetensors", "-o", "c.fkv"] + options)
      #expect(run.status == 64 && run.errors.contains("--group-layers"))
    }
    try run("compress", "c.safetensors", "-o", "c.fkv", "--basis", "embedded", "--basis-file", "m.fkvbasis")
      .expectRefusal("m.fkvbasis: a basis file was given, and neither the cache nor the settings need one")
  }
}

extension CommandRun {
  /// Runs `fkv` with a cache folder of the test's own.
  init(_ arguments: [String], cacheFolder: String) throws {
    let process = Process()
    process.executableURL = Self.binary
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["XDG_CACHE_HOME": cacheFolder]) { $1 }
    let scratch = ScratchFolder()
    for name in ["out", "err"] { try Data().write(to: URL(fileURLWithPath: scratch.file(name))) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.file("out")))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.file("err")))
    try process.run()
    process.waitUntilExit()
    status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    output = try String(contentsOfFile: scratch.file("out"), encoding: .utf8)
    errors = try String(contentsOfFile: scratch.file("err"), encoding: .utf8)
    progress = ""
  }
}
