import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// Files of other programs through the built command: what is left out, and what is said of files that are none.
@Suite struct ForeignCommandTests {
  private let files = CommandFiles()
  private func run(_ arguments: String...) throws -> CommandRun { try CommandRun(arguments) }
  private func path(_ name: String) -> String { files.path(name) }

  /// A capture whose provenance holds what programs keep of a prompt.
  private func capture() throws -> String {
    var cache = SyntheticCache.make(layers: 2, kvHeads: 1, groupSize: 2, tokens: 20, headDim: 8, probe: 3)
    cache.description.provenance = [
      "writer": "a writer", "mlx.prompt": "my-secret-prompt", "mlx.chat_history": "secret-chat", "mlx.model": "m",
      "source.next_token": "77777 at 20", "note": "secret-note",
    ]
    return try files.capture("c.safetensors", cache)
  }

  @Test(arguments: ["compress", "convert", "mlx", "transformers"])
  func nothingOfThePromptPassesWithNoTokens(way: String) throws {
    let input = try capture()
    let arguments =
      switch way {
      case "compress": ["compress", input, "-o", path("o"), "--profile", "lossless"]
      case "convert": ["convert", input, path("o")]
      default: ["convert", input, path("o"), "--to", way, "--key-layout", "half-split"]
      }
    try CommandRun(arguments).expectSuccess()
    func holds(_ text: String) throws -> Bool { try files.bytes("o").firstRange(of: Array(text.utf8)) != nil }
    #expect(try holds("my-secret-prompt") && holds("77777 at 20"))
    let quiet = try CommandRun(arguments.map { $0 == path("o") ? path("o") : $0 } + ["--no-tokens"])
    quiet.expectSuccess()
    for text in ["secret", "77777", "next_token"] { #expect(try !holds(text), "\(way): \(text)") }
    #expect(quiet.errors.contains("\"mlx.prompt\" is left out, since it may hold text of the prompt"))
    #expect(try holds("a writer"))
  }

  @Test func inspectShowsAllProvenance() throws {
    try run("compress", try capture(), "-o", path("c.fkv")).expectSuccess()
    let text = try run("inspect", path("c.fkv"))
    text.expectSuccess()
    #expect(text.output.contains("origin    mlx.prompt: my-secret-prompt\n"))
    let json = try run("inspect", path("c.fkv"), "--json").json()
    let lines = try #require(json["provenance"] as? [[String: String]])
    #expect(lines.contains(["name": "mlx.chat_history", "value": "secret-chat"]))
  }

  static let others: [(String, [UInt8], String)] = [
    ("text", Array("a question to a model\n".utf8), "not a cache, but text"), ("empty", [], "an empty file"),
    ("gguf", Array("GGUF".utf8) + [3, 0, 0, 0, 0, 0], "a GGUF model; --model takes it"),
    ("gzip", [0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 5, 6], "compressed by gzip"),
    ("zstd", [0x28, 0xB5, 0x2F, 0xFD, 0, 1, 2, 3, 4, 5], "compressed by zstd"),
    ("big-endian", Array("ggsq".utf8) + [0, 0, 0, 4, 0, 0, 0, 0], "a big-endian machine"),
    ("npy", [0x93] + Array("NUMPY".utf8) + [1, 0, 0, 0], "a NumPy array"),
    ("pickle", [0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0, 0x2E], "a Python pickle, which fkv does not run"),
    (
      "state", [0x80, 4, 0x8C, 15] + Array("llama_cpp.llama".utf8) + [0x8C, 10] + Array("LlamaState".utf8) + [0x93],
      "open('state.raw', 'wb')"
    ),
    ("zip", [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 60), "as if it was cut short"),
    ("safetensors", [0xFF, 1, 0, 0, 0, 0, 0, 0] + Array(#"{"k.0":{"dtype""#.utf8), "its header declares 511 bytes"),
    ("slot", Array("qsgg".utf8) + [4, 0, 0, 0, 9, 0, 0, 0], "truncated"),
  ]

  @Test(arguments: others.indices) func whatIsNoCacheIsNamed(_ index: Int) throws {
    let (name, bytes, text) = Self.others[index]
    try files.write(name, bytes)
    try run("convert", path(name), path("o")).expectRefusal(name, text)
    try run("compress", path(name), "-o", path("o")).expectRefusal(name, text)
    #expect(!files.scratch.names.contains("o"))
  }

  @Test func aGapBetweenChunks() throws {
    let word: (Int32) -> [UInt8] = { withUnsafeBytes(of: $0.littleEndian, Array.init) }
    let chunk = ([64, 1, 2, 2, 1, 2, 8] as [Int32]).flatMap(word) + [UInt8](repeating: 0, count: 64)
    try FileManager.default.createDirectory(atPath: path("g"), withIntermediateDirectories: true)
    for name in ["g/0.data", "g/2.data"] { try files.write(name, chunk) }
    for from in [[], ["--from", "lmcache"]] {
      try CommandRun(["convert", path("g"), path("o"), "--kv-heads", "1"] + from).expectRefusal("g: ", "1.data")
    }
  }

  /// What the first program does not say, the file in between does not say either.
  @Test func unknownFactsAreAskedForOnTheWayBack() throws {
    let cache = SyntheticCache.make(
      layers: 2, kvHeads: 2, groupSize: 3, tokens: 20, headDim: 8, probe: 0, pairing: .interleaved)
    try run("convert", try files.capture("c.safetensors", cache), path("s.bin"), "--to", "llama-state").expectSuccess()
    for to in ["transformers", "mlx"] {
      try run("convert", path("s.bin"), path(to), "--to", to, "--kv-heads", "2", "--architecture", "llama")
        .expectSuccess()
      try run("convert", path(to), path("o")).expectRefusal("--query-heads", "--rope-theta", "--attention-scale")
      try run(
        "convert", path(to), path("o"), "--query-heads", "6", "--rope-theta", "10000", "--attention-scale", "0.35355338"
      ).expectSuccess()
      #expect(try CaptureFile(path: path("o")).description.geometry.layers.map(\.queryHeads) == [6, 6])
      try FileManager.default.removeItem(atPath: path("o"))
    }
  }
}
