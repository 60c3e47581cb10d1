import Foundation
import FourierKV
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// Conversations that grow: `fkv generate -o`, `fkv capture --from`, and `fkv append` of both.
@Suite(.serialized) struct GrowingCommandTests {
  private let files = CommandFiles()
  private static let first = "The lighthouse at Cape Morrow was built in 1874 by the engineer Ada Finch."
  private static let rest = " Its lamp is lit by a keeper named Tom, who walks over the ice to the village."

  private func run(_ arguments: String...) throws -> CommandRun {
    try CommandRun(arguments, environment: ["XDG_CACHE_HOME": files.path("cache")])
  }

  /// A model, and a cache of the first part as a capture and as an `.fkv`.
  private func prepare(_ model: TinyModel = TinyModel(), more: String...) throws -> String {
    let path = model.write(to: files.path("m.gguf"))
    try files.write("1.txt", Array(Self.first.utf8))
    try files.write("2.txt", Array(Self.rest.utf8))
    try files.write("12.txt", Array((Self.first + Self.rest).utf8))
    let arguments = ["capture", files.path("1.txt"), "-o", files.path("1.safetensors"), "--probe", "4"]
    try CommandRun(
      arguments + ["--model", path, "--threads", "1"] + more,
      environment: ["XDG_CACHE_HOME": files.path("cache")]
    ).expectSuccess()
    try run("compress", files.path("1.safetensors"), "-o", files.path("1.fkv"), "--profile", "lossless")
      .expectSuccess()
    return path
  }

  private func capture(
    _ prompt: String, from cache: String, _ output: String, _ model: String, _ more: String...
  ) throws -> CommandRun {
    try CommandRun(
      ["capture", files.path(prompt), "--from", files.path(cache), "-o", files.path(output), "--model", model]
        + ["--threads", "1"] + more, environment: ["XDG_CACHE_HOME": files.path("cache")])
  }

  private func description(_ name: String) throws -> CacheDescription {
    try CaptureFile(path: files.path(name)).description
  }

  /// Old tokens keep their bits, new ones join, `append` takes them, and all ways lead to one cache.
  @Test func theRestOfAPromptIsCapturedFromACache() throws {
    var sliding = TinyModel()
    (sliding.architecture, sliding.slidingWindow) = ("gemma2", 16)
    for tiny in [TinyModel(), sliding] {
      let model = try prepare(tiny)
      let captured = try capture("12.txt", from: "1.fkv", "12.safetensors", model)
      captured.expectSuccess()
      let (old, new) = (try description("1.safetensors"), try description("12.safetensors"))
      let (start, end) = (old.geometry.endPosition, new.geometry.endPosition)
      #expect(captured.output.contains("prefill of \(end - start) tokens"))
      #expect(Array(try #require(new.tokens).prefix(start)) == old.tokens && new.tokens?.count == end)
      #expect(new.probeQueries == min(128, end - start) && new.provenance["grown.from"] == "lossless")
      #expect(new.provenance["grown.cached_tokens"] == String(start))
      let (before, after) = (
        try CaptureFile(path: files.path("1.safetensors")), try CaptureFile(path: files.path("12.safetensors"))
      )
      for layer in 0..<2 {
        let held = try before.tensor(.key, layer: layer)
        #expect(try after.tensor(.key, layer: layer).rows(0..<held.tokens) == held)
      }
      // From a capture, and by what follows alone, which this tokenizer cuts alike.
      try capture("12.txt", from: "1.safetensors", "b.safetensors", model).expectSuccess()
      #expect(try description("b.safetensors").provenance["grown.from"] == "capture")
      try files.write("ids.json", Array("\(try #require(new.tokens)[start...].map { $0 })".utf8))
      try run(
        "capture", "--token-ids", files.path("ids.json"), "--following", "--from", files.path("1.fkv"), "-o",
        files.path("c.safetensors"), "--model", model, "--threads", "1"
      ).expectSuccess()
      for name in ["b.safetensors", "c.safetensors"] {
        let other = try CaptureFile(path: files.path(name))
        #expect(try description(name).tokens == new.tokens)
        #expect(try other.tensor(.value, layer: 1) == after.tensor(.value, layer: 1))
      }
      try run("append", files.path("1.fkv"), files.path("12.safetensors"), "-o", files.path("a.fkv")).expectSuccess()
      try capture("12.txt", from: "1.fkv", "d.fkv", model).expectSuccess()
      for name in ["a", "d"] {
        try run("restore", files.path("\(name).fkv"), "-o", files.path("\(name).safetensors")).expectSuccess()
        let restored = try CaptureFile(path: files.path("\(name).safetensors"))
        for layer in 0..<2 {
          #expect(try restored.tensor(.key, layer: layer) == after.tensor(.key, layer: layer))
        }
      }
    }
  }

  @Test func promptsThatDoNotGoOn() throws {
    let model = try prepare()
    try files.write("other.txt", Array((Self.first.replacing("Morrow", with: "Mirrow") + Self.rest).utf8))
    try capture("other.txt", from: "1.fkv", "x", model).expectRefusal("at position", "--following")
    try capture("1.txt", from: "1.fkv", "x", model).expectRefusal("nothing follows")
    try run("compress", files.path("1.safetensors"), "-o", files.path("n.fkv"), "--profile", "lossless", "--no-tokens")
      .expectSuccess()
    try capture("12.txt", from: "n.fkv", "x", model).expectRefusal("does not hold its token ids", "--following")
    #expect(!FileManager.default.fileExists(atPath: files.path("x")))
    try capture("2.txt", from: "n.fkv", "n.safetensors", model, "--following").expectSuccess()
    #expect(try description("n.safetensors").tokens == nil)
    try capture("12.txt", from: "1.fkv", "s.safetensors", model, "--no-tokens").expectSuccess()
    let silent = try description("s.safetensors")
    #expect(silent.tokens == nil && silent.provenance["grown.from"] == "lossless")
    try capture("12.txt", from: "1.fkv", "s.fkv", model, "--no-tokens").expectSuccess()
    try run("restore", files.path("s.fkv"), "-o", files.path("r.safetensors")).expectSuccess()
    #expect(try description("r.safetensors").tokens == nil)
    let misused = try run("capture", files.path("1.txt"), "-o", files.path("x"), "--following")
    #expect(misused.status == 64 && misused.errors.contains("'--following' needs '--from'"))
  }

  /// The cache after a turn holds question and answer; asked again, it answers as if all of it had been fed at once.
  @Test func generateKeepsQuestionAndAnswer() throws {
    let model = try prepare()
    let more = ["--model", model, "--threads", "1"]
    func generate(_ arguments: [String]) throws -> CommandRun {
      try CommandRun(["generate"] + arguments + more, environment: ["XDG_CACHE_HOME": files.path("cache")])
    }
    let answered = try generate(
      [files.path("1.fkv"), "-p", Self.rest, "-n", "6", "-o", files.path("g.safetensors"), "--json"])
    answered.expectSuccess()
    let answer = try #require(try answered.json()["tokens"] as? [Int]).map(Int32.init)
    let fed = try #require(try answered.json()["fed_tokens"] as? Int)
    let (old, grown) = (try description("1.safetensors"), try description("g.safetensors"))
    let tokens = try #require(grown.tokens)
    let whole = try #require(old.tokens) + tokens[old.geometry.endPosition...]
    #expect(tokens == Array(whole) && tokens.count >= old.geometry.endPosition + fed + answer.count)
    #expect(Array(tokens.dropFirst(old.geometry.endPosition + fed).prefix(answer.count)) == answer)
    #expect(grown.probeQueries == tokens.count - old.geometry.endPosition)
    #expect(grown.provenance["prefill_seconds"] == nil && grown.provenance["grown.from"] == "lossless")
    // One answer of 12 tokens is two of 6: the same tokens come one at a time in both.
    let long = try generate([files.path("1.fkv"), "-p", Self.rest, "-n", "12", "--json"])
    let all = try #require(try long.json()["tokens"] as? [Int]).map(Int32.init)
    let next = try generate([files.path("g.safetensors"), "-n", "6", "-o", files.path("h.safetensors"), "--json"])
    next.expectSuccess()
    #expect(answer + (try #require(try next.json()["tokens"] as? [Int]).map(Int32.init)) == all)
    #expect(try description("h.safetensors").provenance["grown.from"] == "lossless, capture")
    // Both turns are appended to the file of the first part.
    for name in ["g", "h"] {
      try run("append", files.path("1.fkv"), files.path("\(name).safetensors"), "-o", files.path("\(name).fkv"))
        .expectSuccess()
      try run("verify", files.path("\(name).fkv"), "--reference", files.path("\(name).safetensors")).expectSuccess()
    }
    try generate([files.path("1.fkv"), "-p", Self.rest, "-n", "6", "-o", files.path("k.fkv")]).expectSuccess()
    try run("verify", files.path("k.fkv"), "--reference", files.path("g.safetensors")).expectSuccess()
  }

  /// Keys of a longrope model are turned where the longer text needs it, old and new alike.
  @Test func longRopeFactorsStayOfOneKind() throws {
    var tiny = TinyModel()
    tiny.context = 4096
    tiny.longRope = (
      short: [1, 1.1, 1.2, 1.3, 1.5, 2, 2.5, 3], long: [1, 2, 4, 8, 16, 24, 32, 48], original: 256
    )
    let model = try prepare(tiny)
    #expect(try description("1.safetensors").ropes[0].scaling == "longrope-short")
    try capture("12.txt", from: "1.fkv", "l.safetensors", model, "--context", "2048").expectSuccess()
    let long = try description("l.safetensors")
    #expect(long.ropes[0].scaling == "longrope-long")
    // An `.fkv` of the other factors is not extended by it.
    try run("append", files.path("1.fkv"), files.path("l.safetensors"), "-o", files.path("x.fkv"))
      .expectRefusal("RoPE")
    try capture("12.txt", from: "l.safetensors", "x", model).expectRefusal("nothing follows")
    try capture("2.txt", from: "l.safetensors", "m.safetensors", model, "--following").expectSuccess()
    #expect(try description("m.safetensors").ropes[0].scaling == "longrope-long")
  }

  /// A conversation has the same tokens whether its caches are captures or `.fkv` files.
  @Test func turnsAreTheSameInBothKindsOfFile() throws {
    var tiny = TinyModel()
    tiny.context = 2048
    tiny.chatTemplate = """
      {{ bos_token }}{% for m in messages %}[{{ m.role }}:{{ m.content }}{{ eos_token }}]{% endfor %}\
      {% if add_generation_prompt %}[assistant:{% endif %}
      """
    let model = try prepare(tiny, more: "--chat-template", "open")
    func turn(_ question: String, _ input: String, _ output: String) throws {
      try run(
        "generate", files.path(input), "--chat", "-p", question, "-n", "3", "-o", files.path(output), "--model", model,
        "--threads", "1"
      ).expectSuccess()
    }
    for (name, first) in [("safetensors", "1.safetensors"), ("fkv", "1.fkv")] {
      try turn("Who?", first, "2.\(name)")
      try turn("When?", "2.\(name)", "3.\(name)")
    }
    try run("append", files.path("1.fkv"), files.path("2.safetensors"), "-o", files.path("a.fkv")).expectSuccess()
    for number in [2, 3] {
      let capture = try description("\(number).safetensors")
      for name in ["\(number).fkv"] + (number == 2 ? ["a.fkv"] : []) {
        let other = try StoredCache(path: files.path(name)).description
        #expect(other.tokens == capture.tokens, "\(name)")
        for key in ["chat_template", "prefill_seconds", "prompt_tokens", "grown.cached_tokens"] {
          #expect(other.provenance[key] == capture.provenance[key], "\(name): \(key)")
        }
      }
      #expect(capture.provenance["chat_template"] == "on" && capture.provenance["prefill_seconds"] == nil)
    }
  }
}
