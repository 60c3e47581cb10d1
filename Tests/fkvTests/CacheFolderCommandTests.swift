import Foundation
import TestSupport
import Testing

@testable import fkv

/// Where fkv looks for what nobody names.
@Suite(.serialized) struct CacheFolderCommandTests {
  private let files = CommandFiles()
  private static let standardModel = "fkv/models/SmolLM2-135M-Instruct.Q4_1.gguf"

  private func capture(_ environment: [String: String]) throws -> CommandRun {
    try CommandRun(
      ["capture", files.path("p.txt"), "--threads", "1", "-o", files.path("c")], environment: environment)
  }

  @Test func theVariablesInTheirOrder() throws {
    try files.write("p.txt", Array("a short text".utf8))
    for (name, layers) in [("home/.cache", "2 layers"), ("xdg", "2 layers")] {
      let folder = files.path(name) + "/fkv/models"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let environment =
        name == "xdg"
        ? ["XDG_CACHE_HOME": files.path("xdg"), "HOME": files.path("none")]
        : [
          "XDG_CACHE_HOME": "", "HOME": files.path("home"),
        ]
      try capture(environment).expectRefusal(
        "\(files.path(name))/\(Self.standardModel)", "'make setup'", "'--model FILE'")
      _ = TinyModel().write(to: files.path(name) + "/" + Self.standardModel)
      let run = try capture(environment)
      run.expectSuccess()
      #expect(run.output.contains(layers))
      // What is remembered of the model lies there too.
      #expect(FileManager.default.fileExists(atPath: files.path(name) + "/fkv/probed"))
    }
  }

  /// Every command that takes the default model says how to come by one, before it reads anything else.
  @Test(arguments: [
    ["capture", "p", "-o", "c"], ["calibrate", "p", "c.safetensors"], ["generate", "c"],
    ["verify", "f", "--reference", "c", "--continue", "x"],
    ["report", "f", "--reference", "c", "--continue", "x", "-o", "r"], ["eval", "needle", "--haystack", "p"],
    ["eval", "perplexity", "p"], ["eval", "longbench", "--data", "p"],
  ])
  func aDefaultModelThatIsMissing(arguments: [String]) throws {
    let run = try CommandRun(arguments, environment: ["XDG_CACHE_HOME": files.path("empty")])
    run.expectRefusal(
      "\(files.path("empty"))/\(Self.standardModel): there is no default model; 'make setup' fetches it, and "
        + "'--model FILE' takes another")
  }

  /// Bases are made of captures without a model.
  @Test func capturesNeedNoModel() throws {
    try files.capture()
    try CommandRun(
      ["calibrate", files.path("c.safetensors"), "-o", files.path("b.fkvbasis")],
      environment: ["XDG_CACHE_HOME": files.path("empty")]
    ).expectSuccess()
  }

  /// A folder that cannot be made is named, with the system's own word for why.
  @Test func aFolderThatCannotBeMade() throws {
    let model = TinyModel().write(to: files.path("m.gguf"))
    try files.write("p.txt", Array("a short text".utf8))
    try files.write("file", [])
    let run = try CommandRun(
      ["calibrate", files.path("p.txt"), "--model", model, "--threads", "1"],
      environment: ["XDG_CACHE_HOME": files.path("file")])
    run.expectRefusal("file: cannot make folder: File exists")
  }

  /// Should one of Foundation's own errors come through, its words are for people too.
  @Test func errorsOfFoundation() throws {
    do {
      _ = try FileManager.default.contentsOfDirectory(atPath: files.path("none"))
    } catch {
      let text = Diagnostics.text(of: error)
      #expect(text.hasPrefix(files.path("none") + ": ") && !text.contains("Error Domain"), "\(text)")
      #expect("\(error)".contains("Error Domain"))
    }
  }

  /// A new basis in the cache folder keeps the older one, even where that is a link.
  @Test func anOlderBasisIsKept() throws {
    let model = TinyModel().write(to: files.path("m.gguf"))
    let environment = ["XDG_CACHE_HOME": files.path("cache")]
    for (number, text) in ["a short text", "another text, and longer"].enumerated() {
      try files.write("p.txt", Array(text.utf8))
      try CommandRun(
        ["calibrate", files.path("p.txt"), "--model", model, "--threads", "1"], environment: environment
      ).expectSuccess()
      let bases = files.path("cache/fkv/bases")
      let names = try FileManager.default.contentsOfDirectory(atPath: bases).sorted { $0.count < $1.count }
      #expect(names.count == number + 1)
      guard number == 0 else {
        #expect(try files.bytes("cache/fkv/bases/" + names[1]) == files.bytes("first"))
        #expect(try files.bytes("elsewhere.fkvbasis") != files.bytes("first"))
        continue
      }
      let first = try files.bytes("cache/fkv/bases/" + names[0])
      try files.write("first", first)
      try files.write("elsewhere.fkvbasis", first)
      try FileManager.default.removeItem(atPath: bases + "/" + names[0])
      try FileManager.default.createSymbolicLink(
        atPath: bases + "/" + names[0], withDestinationPath: files.path("elsewhere.fkvbasis"))
    }
  }
}
