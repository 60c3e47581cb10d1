import CacheCodec
import Commands
import Interchange
import KVCacheModel
import Testing

/// The command line with the real model that set-up fetched.
@Suite(.serialized) struct CaptureCommandTests {
  private let files = CommandFiles()
  private static let text = (0..<14).map { "Line \($0): the river runs past the old mill, and the miller counts." }
    .joined(separator: " ")

  private func capture(_ text: String, _ more: [String] = []) throws -> CommandRun {
    try files.write("p.txt", Array(text.utf8))
    return try CommandRun(["capture", files.path("p.txt"), "-o", files.path("c.safetensors"), "--probe", "16"] + more)
  }

  @Test func theWholePathOnARealModel() throws {
    let run = try capture(Self.text)
    run.expectSuccess()
    #expect(run.output.contains("30 layers × 3 KV heads (9 query heads)") && run.output.contains("tokens/s"))
    #expect(run.errors == "")
    let original = try CaptureFile(path: files.path("c.safetensors"))
    #expect((150...300).contains(original.description.geometry.tokens) && original.description.probeQueries == 16)
    #expect(original.description.model.architecture == "llama" && !original.description.model.fingerprint.isEmpty)

    for profile in ["lossless", "fourier", "spectral"] {
      let target = files.path("\(profile).fkv")
      try CommandRun(["compress", files.path("c.safetensors"), "-o", target, "--profile", profile]).expectSuccess()
      let head = try CommandRun(["inspect", target, "--json"]).json()
      #expect(try #require(head["ratio"] as? Double) > 1)
      let verify = try CommandRun(["verify", target, "--reference", files.path("c.safetensors"), "--json"])
      verify.expectSuccess()
      let error = try #require(try verify.json()["attention_output_error"] as? [String: Any])
      let mean = try #require(error["mean"] as? Double)
      let stored = try #require(head["stored_error"] as? [String: Any])
      // Errors are stored in single precision.
      #expect(abs(try #require(stored["mean"] as? Double) - mean) <= mean * 0x1p-23)
      #expect(profile == "lossless" ? mean == 0 : mean > 0 && mean < 1)
    }

    try CommandRun(["restore", files.path("lossless.fkv"), "-o", files.path("r.safetensors")]).expectSuccess()
    let restored = try CaptureFile(path: files.path("r.safetensors"))
    var expected = original.description
    expected.probeQueries = 0
    #expect(restored.description == expected)
    for layer in expected.geometry.layers.indices {
      for kind in CacheKind.allCases {
        #expect(try restored.tensor(kind, layer: layer) == original.tensor(kind, layer: layer))
      }
    }
  }

  /// Shorter than sinks and window: everything is exact.
  @Test func aShortPromptIsAllExact() throws {
    try capture("Hello there.").expectSuccess()
    try CommandRun([
      "compress", files.path("c.safetensors"), "-o", files.path("c.fkv"), "--profile", "fourier", "--window", "1020",
    ]).expectSuccess()
    try CommandRun([
      "verify", files.path("c.fkv"), "--reference", files.path("c.safetensors"), "--max-error", "0",
    ]).expectSuccess()
  }

  @Test func aPromptFromStandardInput() throws {
    let run = try CommandRun(
      ["capture", "-", "-o", files.path("i.safetensors"), "--probe", "4", "--chat-template", "on"],
      input: Array("Name a river.".utf8))
    run.expectSuccess()
    let description = try CaptureFile(path: files.path("i.safetensors")).description
    #expect(description.provenance["chat_template"] == "on")
    try capture("Name a river.").expectSuccess()
    let plain = try CaptureFile(path: files.path("c.safetensors")).description
    #expect(plain.provenance["chat_template"] == "off")
    #expect(try #require(plain.tokens).count < #require(description.tokens).count)
  }

  @Test func promptsThatAreNone() throws {
    for text in ["", " \n"] { try capture(text).expectRefusal("p.txt: the prompt is empty") }
    try files.write("p.txt", [0x41, 0xFF])
    try CommandRun(["capture", files.path("p.txt"), "-o", files.path("c.safetensors")])
      .expectRefusal("p.txt: the prompt is not UTF-8 text")
    try CommandRun(["capture", "-", "-o", files.path("c.safetensors")])
      .expectRefusal("standard input: the prompt is empty")
    #expect(files.scratch.names == ["p.txt"])
  }

  @Test func aPromptThatIsTooLong() throws {
    try capture("Hello there, miller.").expectSuccess()
    let before = try files.bytes("c.safetensors")
    let tokens = try CaptureFile(path: files.path("c.safetensors")).description.geometry.tokens
    try capture("Hello there, miller.", ["--context", "\(tokens)"]).expectSuccess()
    try capture("Hello there, miller.", ["--context", "\(tokens - 1)"]).expectRefusal(
      "\(tokens) tokens", "\(tokens - 1)")
    #expect(try files.bytes("c.safetensors").count == before.count)
  }

  @Test func modelsThatAreNone() throws {
    try files.write("m.gguf", Array("This is no model but a text of some length.".utf8))
    try capture("Hello.", ["--model", files.path("m.gguf")]).expectRefusal("m.gguf: not a GGUF file")
    try files.write("m.gguf", Array("GGUF".utf8) + [3, 0, 0, 0, 1])
    try capture("Hello.", ["--model", files.path("m.gguf")]).expectRefusal("m.gguf: truncated GGUF")
    try capture("Hello.", ["--model", files.path("none.gguf")]).expectRefusal("none.gguf: cannot open")
    #expect(files.scratch.names == ["m.gguf", "p.txt"])
  }

  /// A bad target is noticed before the prefill.
  @Test func aTargetThatCannotBe() throws {
    try files.write("p.txt", Array(Self.text.utf8))
    try CommandRun(["capture", files.path("p.txt"), "-o", files.path("p.txt/c")]).expectRefusal("Not a directory")
    let full = try CommandRun(["capture", files.path("p.txt"), "-o", files.path("c.safetensors")], fileBlocks: 64)
    full.expectRefusal("File too large")
    #expect(files.scratch.names == ["p.txt"])
  }
}
