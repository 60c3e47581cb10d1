import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// Contexts beyond what a model was trained with, and models whose keys depend on the context.
@Suite(.serialized) struct LongContextCommandTests {
  private let files = CommandFiles()

  private func run(_ arguments: String...) throws -> CommandRun {
    try CommandRun(arguments, environment: ["XDG_CACHE_HOME": files.path("cache")])
  }

  private func longRopeModel() -> String {
    var model = TinyModel()
    model.context = 4096
    model.longRope = (
      short: [1, 1.1, 1.2, 1.3, 1.5, 2, 2.5, 3], long: [1, 2, 4, 8, 16, 24, 32, 48], original: 256
    )
    return model.write(to: files.path("m.gguf"))
  }

  private func capture(_ model: String, _ name: String, context: Int? = nil) throws -> CommandRun {
    try files.write("p.txt", Array(String(repeating: "the river runs past the mill. ", count: 4).utf8))
    return try CommandRun(
      ["capture", files.path("p.txt"), "--model", model, "-o", files.path(name), "--threads", "1"]
        + (context.map { ["--context", String($0)] } ?? []),
      environment: ["XDG_CACHE_HOME": files.path("cache")])
  }

  @Test func aPromptBeyondTheTrainedContextIsGoneOnFromWithAWord() throws {
    var tiny = TinyModel()
    tiny.context = 64
    let model = tiny.write(to: files.path("m.gguf"))
    try capture(model, "c.safetensors").expectRefusal("64", "--context")
    let captured = try capture(model, "c.safetensors", context: 256)
    captured.expectSuccess()
    #expect(captured.errors.contains("beyond the 64 tokens that the model was trained with"))
    let cache = files.path("c.safetensors")
    try run("generate", cache, "--model", model, "-n", "4", "--threads", "1").expectRefusal("64", "--context")
    let generated = try run("generate", cache, "--model", model, "-n", "4", "--context", "256", "--threads", "1")
    generated.expectSuccess()
    #expect(generated.errors.contains("beyond the 64 tokens that the model was trained with"))
    try run("compress", cache, "-o", files.path("c.fkv")).expectSuccess()
    let more = ["--continue", "and the miller counts the sacks", "--model", model, "--threads", "1"]
    func verify(_ context: [String]) throws -> CommandRun {
      try CommandRun(
        ["verify", files.path("c.fkv"), "--reference", cache] + more + context,
        environment: ["XDG_CACHE_HOME": files.path("cache")])
    }
    #expect(try verify([]).status == 2)
    let verified = try verify(["--context", "256"])
    verified.expectSuccess()
    #expect(verified.errors.contains("beyond the 64 tokens that the model was trained with"))
    #expect(try run("verify", files.path("c.fkv"), "--context", "256").status == 64)
    #expect(try run("generate", cache, "--context", "0").status == 64)
  }

  @Test func aLongRopeCaptureIsMadeForTheContextAskedFor() throws {
    let model = longRopeModel()
    try capture(model, "short.safetensors").expectSuccess()
    try capture(model, "long.safetensors", context: 4096).expectSuccess()
    let (short, long) = (files.path("short.safetensors"), files.path("long.safetensors"))
    #expect(try CaptureFile(path: short).description.longRope == .short)
    #expect(try CaptureFile(path: long).description.longRope == .long)
    // Both go on in a short context and beyond the original one.
    for cache in [short, long] {
      for (count, context) in [("4", "256"), ("4", "4096"), ("200", "4096")] {
        try run("generate", cache, "--model", model, "-n", count, "--context", context, "-p", "x", "--threads", "1")
          .expectSuccess()
      }
      try run("generate", cache, "--model", model, "-n", "200", "-p", "x", "--threads", "1").expectSuccess()
    }
    try run("compress", short, "-o", files.path("short.fkv"), "--profile", "lossless").expectSuccess()
    try run("compress", long, "-o", files.path("long.fkv"), "--profile", "lossless").expectSuccess()
    try run("verify", files.path("short.fkv"), "--reference", long).expectRefusal("short", "long", "--context")
    let predictions = try run(
      "verify", files.path("long.fkv"), "--reference", long, "--continue", "and the miller", "--model", model,
      "--threads", "1", "--json")
    predictions.expectSuccess()
    try run("append", files.path("short.fkv"), long).expectRefusal("longrope-short", "longrope-long")
  }

  @Test func programsGetTheFactorsOfTheirContext() throws {
    let model = longRopeModel()
    try capture(model, "short.safetensors").expectSuccess()
    let (short, state) = (files.path("short.safetensors"), files.path("s.bin"))
    func convert(_ from: String, _ to: String, _ more: String...) throws -> CommandRun {
      try CommandRun(["convert", from, to] + more, environment: ["XDG_CACHE_HOME": files.path("cache")])
    }
    try convert(short, state, "--to", "llama-state").expectRefusal("--for-context", "256")
    try convert(short, state, "--to", "llama-state", "--for-context", "4096").expectRefusal("--model")
    try convert(short, state, "--to", "llama-state", "--for-context", "4096", "--model", model).expectSuccess()
    // And back: the file does not say for which context it is.
    let back = files.path("back.safetensors")
    try convert(state, back, "--model", model).expectRefusal("--engine-context")
    try convert(state, back, "--model", model, "--engine-context", "4096").expectSuccess()
    let turned = try CaptureFile(path: back)
    #expect(turned.description.longRope == .long)
    #expect(try turned.tensor(.key, layer: 0) != CaptureFile(path: short).tensor(.key, layer: 0))
    try run("generate", back, "--model", model, "-n", "4", "-p", "x", "--threads", "1").expectSuccess()
    // Without a change of factors, nothing of a key changes.
    try convert(short, state, "--to", "llama-state", "--for-context", "200").expectSuccess()
    try convert(state, back, "--model", model, "--engine-context", "200").expectSuccess()
    #expect(try CaptureFile(path: back).tensor(.key, layer: 0) == CaptureFile(path: short).tensor(.key, layer: 0))
  }
}
