import Foundation
import TestSupport
import Testing

/// Model files from outside: none may end the process, and none may pass for another.
@Suite(.serialized) struct ModelTrialCommandTests {
  private let files = CommandFiles()

  /// A model over which llama.cpp ends its process when the first tokens run.
  private func deadly() -> String {
    var model = TinyModel()
    model.architecture = "deci"
    model.lacksLastFeedForward = true
    return model.write(to: files.path("deadly.gguf"))
  }

  private func run(_ arguments: String...) throws -> CommandRun {
    try CommandRun(arguments, environment: ["XDG_CACHE_HOME": files.path("cache")])
  }

  @Test func aModelThatEndsTheProcessIsRefusedByEveryCommand() throws {
    let model = deadly()
    try files.write("p.txt", Array("a short text".utf8))
    let capture = try files.capture()
    for arguments in [
      ["capture", files.path("p.txt"), "--model", model, "-o", files.path("o"), "--threads", "1"],
      ["generate", capture, "--model", model, "-n", "1", "--threads", "1"],
      ["convert", capture, files.path("o"), "--model", model, "--to", "llama-state"],
      ["calibrate", files.path("p.txt"), "--model", model, "-o", files.path("o"), "--threads", "1"],
    ] {
      let run = try CommandRun(arguments, environment: ["XDG_CACHE_HOME": files.path("cache")])
      run.expectRefusal("deadly.gguf", "SIGABRT", "GGML_ASSERT")
      #expect(!FileManager.default.fileExists(atPath: files.path("o")))
    }
    // A trial that failed is not remembered.
    #expect(!FileManager.default.fileExists(atPath: files.path("cache/fkv/probed")))
  }

  @Test func aTrialIsRememberedUntilTheFileChanges() throws {
    let model = TinyModel().write(to: files.path("m.gguf"))
    try files.write("p.txt", Array("a short text".utf8))
    func capture() throws {
      try run("capture", files.path("p.txt"), "--model", model, "-o", files.path("c"), "--threads", "1")
        .expectSuccess()
    }
    func record() throws -> String {
      let names = try FileManager.default.contentsOfDirectory(atPath: files.path("cache/fkv/probed"))
      #expect(names.count == 1)
      return try String(contentsOfFile: files.path("cache/fkv/probed/" + (names.first ?? "")), encoding: .utf8)
    }
    try capture()
    let first = try record()
    try capture()
    #expect(try record() == first)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: model)
    try capture()
    #expect(try record() != first)
  }

  @Test func aCacheFolderThatCannotBeWrittenIsNoReasonToFail() throws {
    let model = TinyModel().write(to: files.path("m.gguf"))
    try files.write("p.txt", Array("a short text".utf8))
    try files.write("cache", [])
    try run("capture", files.path("p.txt"), "--model", model, "-o", files.path("c"), "--threads", "1").expectSuccess()
  }

  @Test func aSplitModelsOtherPartsCount() throws {
    var model = TinyModel()
    try files.write("p.txt", Array("a short text".utf8))
    for (name, seed) in [("a", UInt64(1)), ("b", 2)] {
      model.seed = seed
      let path = model.writeSplit(to: files.path(name))
      try run(
        "capture", files.path("p.txt"), "--model", path, "-o", files.path("\(name).safetensors"), "--threads", "1"
      )
      .expectSuccess()
    }
    try run("generate", files.path("a.safetensors"), "--model", files.path("b-00001-of-00002.gguf"), "-n", "2")
      .expectRefusal("belongs to model")
    // The same model in one file is the same model.
    model.seed = 1
    let whole = model.write(to: files.path("whole.gguf"))
    try run("generate", files.path("a.safetensors"), "--model", whole, "-n", "2", "--threads", "1").expectSuccess()
    try run("capture", files.path("p.txt"), "--model", files.path("a-00002-of-00002.gguf"), "-o", files.path("o"))
      .expectRefusal("part 2 of 2")
  }

  @Test func aCacheWithTheFormerFingerprintStillMatches() throws {
    let model = TinyModel().write(to: files.path("m.gguf"))
    try files.write("p.txt", Array("a short text".utf8))
    try run("capture", files.path("p.txt"), "--model", model, "-o", files.path("c.safetensors"), "--threads", "1")
      .expectSuccess()
    let bytes = try files.bytes("c.safetensors")
    let text = String(decoding: bytes, as: UTF8.self)
    func value(_ key: String) throws -> String {
      let rest = try #require(text.range(of: "\"\(key)\":\""))
      return String(text[rest.upperBound...].prefix { $0 != "\"" })
    }
    let (new, old) = (try value("model.fingerprint"), try value("provenance.model.fingerprint.1"))
    #expect(new.count == 34 && old.count == 32)
    try files.write(
      "old.safetensors",
      CommandFiles.withHeader(of: bytes) {
        $0.replacingOccurrences(of: new, with: old)
          .replacingOccurrences(of: "provenance.model.fingerprint.1", with: "provenance.other")
      })
    try run("generate", files.path("old.safetensors"), "--model", model, "-n", "2", "--threads", "1").expectSuccess()
    // Caches of the two schemes are compared by the former one.
    try run("compress", files.path("old.safetensors"), "-o", files.path("old.fkv")).expectSuccess()
    try run("verify", files.path("old.fkv"), "--reference", files.path("c.safetensors")).expectSuccess()
    try files.write(
      "other.safetensors",
      CommandFiles.withHeader(of: bytes) {
        $0.replacingOccurrences(of: new, with: String(repeating: "0", count: 32))
      })
    try run("verify", files.path("old.fkv"), "--reference", files.path("other.safetensors"))
      .expectRefusal("the reference of")
  }
}
