import Foundation
import TestSupport
import Testing

/// No output takes the place of a file that is read, in any command, by whatever name it is given.
@Suite(.serialized) struct OutputConflictTests {
  private let files = CommandFiles()

  /// A command without its output, the files that it reads by their roles, and how the output is given.
  private struct Job {
    var arguments: [String]
    var inputs: KeyValuePairs<String, String>
    var output = ["-o"]
    /// What follows the output's name where that is put together.
    var ending = ""
  }

  private func path(_ name: String) -> String { files.path(name) }

  private func jobs() throws -> [Job] {
    let model = TinyModel().writeSplit(to: path("m"))
    let second = model.replacingOccurrences(of: "-00001-", with: "-00002-")
    try files.capture()
    try files.capture("r.safetensors")
    try files.compressed()
    for name in ["p.txt", "ids", "bench", "key", "basis", "log"] { try files.write(name, Array("[1, 2, 3]".utf8)) }
    let (capture, reference, cache) = (path("c.safetensors"), path("r.safetensors"), path("c.fkv"))
    let keyed = ["--key-file", path("key"), "--basis-file", path("basis")]
    let foreign = ["--model", model, "--tokens", path("ids")]
    let evaluated = ["--model", model, "--basis-file", path("basis"), "--log"]
    return [
      Job(
        arguments: ["capture", path("p.txt"), "--model", model],
        inputs: ["prompt": path("p.txt"), "model": model, "model ": second]),
      Job(
        arguments: ["capture", path("p.txt"), "--from", cache, "--model", model] + keyed,
        inputs: ["cache": cache, "key file": path("key"), "basis file": path("basis"), "model": second]),
      Job(
        arguments: ["generate", cache, "-p", path("p.txt"), "--model", model] + keyed,
        inputs: [
          "cache": cache, "prompt": path("p.txt"), "key file": path("key"), "basis file": path("basis"), "model": model,
        ]),
      Job(arguments: ["capture", "--token-ids", path("ids"), "--model", model], inputs: ["token ids": path("ids")]),
      Job(
        arguments: ["calibrate", path("p.txt"), capture, "--model", model],
        inputs: ["text": path("p.txt"), "text ": capture, "model": second]),
      Job(
        arguments: ["compress", capture] + keyed + foreign,
        inputs: [
          "cache": capture, "key file": path("key"), "basis file": path("basis"), "model": second,
          "token ids": path("ids"),
        ]),
      Job(
        arguments: ["convert", capture] + keyed + foreign,
        inputs: [
          "cache": capture, "key file": path("key"), "basis file": path("basis"), "model": model,
          "token ids": path("ids"),
        ], output: []),
      Job(
        arguments: ["restore", cache] + keyed,
        inputs: ["cache": cache, "key file": path("key"), "basis file": path("basis")]),
      Job(
        arguments: ["append", cache, capture] + keyed,
        inputs: ["cache": capture, "key file": path("key"), "basis file": path("basis")]),
      Job(
        arguments: [
          "report", cache, "--reference", reference, "--bench", path("bench"), "--continue", path("p.txt"), "--model",
          model,
        ] + keyed,
        inputs: [
          "cache": cache, "reference": reference, "bench result": path("bench"), "continuation": path("p.txt"),
          "model": second, "key file": path("key"), "basis file": path("basis"),
        ]),
      Job(
        arguments: ["eval", "needle", "--haystack", path("p.txt"), "--model", model],
        inputs: ["text": path("p.txt"), "model": model]),
      Job(
        arguments: ["eval", "needle", "--haystack", path("p.txt"), "--model", model, "--log", path("log")],
        inputs: ["log": path("log")]),
      Job(
        arguments: ["eval", "perplexity", path("p.txt")] + evaluated,
        inputs: ["text": path("p.txt"), "model": second, "basis file": path("basis")], output: []),
      Job(
        arguments: ["eval", "longbench", "--data", path("p.txt")] + evaluated,
        inputs: ["data": path("p.txt"), "model": model], output: []),
      Job(arguments: ["eval", "merge", path("log")], inputs: ["log": path("log")]),
    ]
  }

  private func expectConflict(_ run: CommandRun, _ parts: String..., location: SourceLocation = #_sourceLocation) {
    #expect(run.status == 64 && run.output == "", "\(run)", sourceLocation: location)
    #expect(
      run.errors.hasPrefix("fkv: error: ") && run.errors.filter(\.isNewline).count == 1, "\(run)",
      sourceLocation: location)
    for part in parts { #expect(run.errors.contains(part), "\(run.errors)", sourceLocation: location) }
  }

  @Test func noInputIsReplaced() throws {
    let jobs = try jobs()
    let environment = ["XDG_CACHE_HOME": path("cache")]
    for job in jobs {
      for (role, input) in job.inputs {
        let before = try Data(contentsOf: URL(fileURLWithPath: input))
        let names = (symbolic: path("symbolic"), hard: path("hard"))
        #expect(symlink(input, names.symbolic) == 0 && link(input, names.hard) == 0)
        defer { for name in [names.symbolic, names.hard] { unlink(name) } }
        for output in [input, names.symbolic, names.hard] {
          let run = try CommandRun(job.arguments + job.output + [output], environment: environment)
          expectConflict(
            run, "\(output): the ", " would replace the \(role.trimmingCharacters(in: .whitespaces)) \(input)")
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: input)) == before)
      }
    }
    // Nothing was made either.
    #expect(!files.scratch.names.contains("cache"))
  }

  /// `append` is there to change its file: in place, by its own name, by a link to it.
  @Test func appendMayChangeItsFile() throws {
    try files.capture("long.safetensors")
    let short = SyntheticCache.make(layers: 3, kvHeads: 2, groupSize: 3, tokens: 60, headDim: 8, probe: 5).positions(
      0..<50)
    #expect(symlink("c.fkv", path("link")) == 0)
    for output in [[], ["-o", path("c.fkv")], ["-o", path("link")]] {
      try files.capture("short.safetensors", short)
      try CommandRun(["compress", path("short.safetensors"), "-o", path("c.fkv"), "--profile", "lossless"])
        .expectSuccess()
      try CommandRun(["append", path("c.fkv"), path("long.safetensors")] + output).expectSuccess()
      let report = try CommandRun(["inspect", path("c.fkv"), "--json"]).json()
      #expect((report["geometry"] as? [String: Any])?["tokens"] as? Int == 60)
    }
    expectConflict(try CommandRun(["append", path("c.fkv"), path("link")]), "would replace the cache \(path("link"))")
  }

  @Test func plotsAndBatches() throws {
    let capture = try files.capture("a.svg")
    expectConflict(
      try CommandRun(["bench", capture, "--methods", "lossless", "--svg", files.scratch.path + "/"]),
      "a.svg: the plot would replace the capture")
    try files.compressed("b.fkv", .lossless)
    #expect(symlink("a.svg", path("b.safetensors")) == 0)
    let batch = try CommandRun(["convert", path("b.fkv"), capture, "--output-folder", files.scratch.path])
    expectConflict(batch, "b.safetensors: the output would replace the cache \(capture)")
    #expect(files.scratch.names == ["a.svg", "b.fkv", "b.safetensors"])
  }

  @Test func foldersThatHoldWhatIsRead() throws {
    try FileManager.default.createDirectory(atPath: path("f"), withIntermediateDirectories: false)
    let capture = try files.capture("f/c.safetensors")
    for command in [["convert", capture, path("f")], ["restore", try files.compressed("f/c.fkv"), "-o", path("f")]] {
      expectConflict(try CommandRun(command + ["--to", "lmcache"]), "/f: the output is a folder that holds the cache")
    }
    try CommandRun(["convert", capture, path("lm"), "--to", "lmcache"]).expectSuccess()
    let chunk = try #require(try FileManager.default.contentsOfDirectory(atPath: path("lm")).first)
    expectConflict(
      try CommandRun(["convert", path("lm"), path("lm/\(chunk)")]), "would replace a file of the cache \(path("lm"))")
  }

  @Test func aBasisOfTheCacheFolder() throws {
    let bases = path("cache/fkv/bases")
    try FileManager.default.createDirectory(atPath: bases, withIntermediateDirectories: true)
    try files.write("cache/fkv/bases/0f.fkvbasis", [1, 2, 3])
    let run = try CommandRun(
      ["compress", try files.capture(), "-o", bases + "/0f.fkvbasis"], environment: ["XDG_CACHE_HOME": path("cache")])
    expectConflict(run, "would replace a file of the folder of basis files")
    #expect(try files.bytes("cache/fkv/bases/0f.fkvbasis") == [1, 2, 3])
  }

  @Test func aPromptOnStandardInput() throws {
    let model = TinyModel().write(to: path("m.gguf"))
    try files.write("p.txt", Array("a short text".utf8))
    for name in ["-", "/dev/stdin"] {
      let run = try CommandRun(
        ["capture", name, "--model", model, "-o", path("p.txt")], environment: ["PROMPT": path("p.txt")],
        shell: "exec \"$0\" \"$@\" < \"$PROMPT\"")
      expectConflict(run, "would replace the prompt \(name)")
    }
    #expect(try files.bytes("p.txt") == Array("a short text".utf8))
  }

  /// Two outputs of one command do not become one file, though neither is there yet.
  @Test func outputsDoNotMeet() throws {
    try files.write("h.txt", Array("The river runs past the old mill, and the miller counts the sacks.".utf8))
    try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: "n.log")
    for output in ["n.log", "./n.log", "link"] {
      let run = try CommandRun([
        "eval", "needle", "--haystack", path("h.txt"), "--lengths", "100", "--depths", "0", "--methods", "full",
        "--log", path("n.log"), "-o", path(output),
      ])
      #expect(run.status == 64 && run.errors.contains("the heat map would replace the log"), "\(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: path("n.log")))
    }
    for folder in ["x", "y"] {
      try FileManager.default.createDirectory(atPath: path(folder), withIntermediateDirectories: true)
      try files.capture("\(folder)/k.safetensors")
    }
    let run = try CommandRun([
      "bench", path("x/k.safetensors"), path("y/k.safetensors"), "--methods", "q8_0", "--svg", path("plot-"),
    ])
    #expect(run.status == 64 && run.errors.contains("have one name, so that '--svg' would draw both into one file"))
  }
}
