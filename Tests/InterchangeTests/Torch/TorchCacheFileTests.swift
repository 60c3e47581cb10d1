import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Against files that torch 2.15 wrote, with objects of Transformers 5.23 and 4.48.
@Suite struct TorchCacheFileTests {
  private func open(_ name: String) throws -> TorchCacheFile {
    try TorchCacheFile(path: ForeignSamples.path("torch/\(name).pt"))
  }

  @Test(arguments: [
    ("dynamic", ElementType.float16), ("dynamic-4.48", .float16), ("tuples", .float16), ("lists-by-kind", .float32),
    ("names", .float16), ("slices", .float16),
  ])
  func formsThatPeopleSave(name: String, type: ElementType) throws {
    let cache = try open(name)
    #expect(cache.facts.layers == Array(repeating: .init(kvHeads: 2, headDim: 8, tokens: 5), count: 2))
    #expect(cache.facts.keyType == type && cache.facts.valueType == type)
    #expect(cache.facts.tokens == nil && cache.facts.ropes == nil && cache.facts.losses.isEmpty)
    try ForeignSamples.check(cache)
    #expect(TorchFormat().recognises(try FormatItem(path: ForeignSamples.path("torch/\(name).pt"))))
  }

  /// [[K, V], [K, V]] of two layers looks as a list of keys and one of values does.
  @Test func listsOfTwoLayersAreAmbiguous() {
    #expect(
      throws: ForeignError.unsupported(
        path: ForeignSamples.path("torch/lists.pt"), what: "the saved value",
        found: "2 lists of 2 tensors, which may be layers or kinds")
    ) { try open("lists") }
  }

  @Test func besidesOtherThings() throws {
    let cache = try open("inside")
    #expect(cache.facts.tokens == [1, 2, 3, 5, 8])
    #expect(cache.facts.losses == [ConversionLoss(.dropped, "\"note\" is not taken over")])
    try ForeignSamples.check(cache)
  }

  @Test func windows() throws {
    let cache = try open("window")
    #expect(
      cache.facts.layers == [
        .init(kvHeads: 2, headDim: 8, tokens: 5),
        .init(kvHeads: 2, headDim: 8, tokens: 3, firstPosition: 2, slidingWindow: 4),
      ])
    try ForeignSamples.check(cache)
  }

  @Test func whatIsNoCache() throws {
    let old = ForeignSamples.path("torch/before-zip.pt")
    #expect(TorchFormat().recognises(try FormatItem(path: old)))
    #expect(
      throws: ForeignError.unsupported(
        path: old, what: "the container", found: "torch's before version 1.6, a row of pickles")
    ) { try TorchCacheFile(path: old) }
    let weights = ForeignSamples.path("torch/weights.pt")
    #expect(
      throws: ForeignError.notThisFormat(
        path: weights, format: "a saved cache",
        reason: "the value is no DynamicCache, tuple of pairs, or dictionary of them")
    ) { try TorchCacheFile(path: weights) }
    for name in ["official.safetensors", "README.md", "mlx/plain.safetensors"] {
      #expect(!TorchFormat().recognises(try FormatItem(path: ForeignSamples.path(name))), "\(name)")
    }
  }

  @Test(arguments: ["dynamic", "slices", "window"])
  func damagedFiles(name: String) throws {
    let mutations = ForeignMutations(read: { try readAll(TorchCacheFile(path: $0)) })
    let bytes = try ForeignSamples.bytes("torch/\(name).pt")
    #expect(mutations.opens(bytes, "whole"))
    if name == "slices" { mutations.truncated(bytes, at: 0..<bytes.count) }
    // Anywhere in the file: much of it is numbers and padding, which may change unseen.
    let anywhere = mutations.mutated(bytes, count: 200, in: 0..<bytes.count, seed: 1)
    #expect(anywhere.refused > anywhere.taken / 6)
    let pickle = mutations.mutated(bytes, count: 400, in: 40..<700, seed: 2)
    #expect(pickle.refused > pickle.taken)
    let directory = mutations.mutated(bytes, count: 400, in: bytes.count - 700..<bytes.count, seed: 3)
    #expect(directory.refused > directory.taken)
  }
}
