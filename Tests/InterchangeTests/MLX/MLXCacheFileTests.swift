import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Against files that mlx-lm 0.31.3 and 0.32.2 wrote.
@Suite struct MLXCacheFileTests {
  private func open(_ name: String) throws -> MLXCacheFile {
    try MLXCacheFile(path: ForeignSamples.path("mlx/\(name).safetensors"))
  }

  @Test(arguments: ["", "-0.31"])
  func plainCaches(version: String) throws {
    for (name, type) in [("plain", ElementType.float16), ("bfloat", .bfloat16), ("single", .float32)] {
      let cache = try open(name + version)
      #expect(cache.dialect == (version.isEmpty ? .scalarTensors : .stateTexts))
      #expect(cache.facts.layers == Array(repeating: .init(kvHeads: 2, headDim: 8, tokens: 5), count: 2))
      #expect(cache.facts.keyType == type && cache.facts.valueType == type)
      #expect(cache.facts.ropes == nil && cache.facts.tokens == nil && cache.facts.attentionScale == nil)
      #expect(cache.facts.keyConvention == .transformers && !cache.facts.isQuantised && cache.facts.losses.isEmpty)
      try ForeignSamples.check(cache)
    }
    let plain = try open("plain" + version).facts
    #expect(plain.model.name == "tiny/model")
    #expect(plain.provenance["mlx.note"] == "a \"quoted\" word")
  }

  /// Windows that have not wrapped, were filled at once (which keeps a row more than the window), and have wrapped.
  @Test(arguments: ["", "-0.31"])
  func windows(version: String) throws {
    for (name, first, tokens, size) in [
      ("window-short", 0, 5, 8), ("window-once", 0, 5, 4), ("window-wrapped", 2, 4, 4),
    ] {
      let cache = try open(name + version)
      let layer = ForeignFacts.Layer(
        kvHeads: 2, headDim: 8, tokens: tokens, firstPosition: first, slidingWindow: size)
      #expect(cache.facts.layers == [layer, layer], "\(name)")
      try ForeignSamples.check(cache)
    }
    let path = ForeignSamples.path("mlx/window-kept\(version).safetensors")
    #expect(throws: ForeignError.unsupported(path: path, what: "layer 0", found: "without the positions 1…2")) {
      try MLXCacheFile(path: path)
    }
  }

  /// Against what `mx.dequantize` gives: the last bit may differ where it fuses multiplication and addition.
  @Test(arguments: [2, 3, 4, 5, 6, 8])
  func quantizedCaches(bits: Int) throws {
    let numbers = try SafetensorsFile(path: ForeignSamples.path("mlx/quantized-\(bits)-numbers.safetensors"))
    for version in bits == 4 || bits == 8 ? ["", "-0.31"] : [""] {
      let cache = try open("quantized-\(bits)" + version)
      #expect(cache.facts.layers == Array(repeating: .init(kvHeads: 2, headDim: 32, tokens: 5), count: 2))
      #expect(cache.facts.keyType == .float32 && cache.facts.isQuantised)
      #expect(
        cache.facts.losses == [
          ConversionLoss(.rounding, "keys and values were quantised to \(bits) bits in groups of 32 by mlx-lm")
        ])
      for layer in 0..<2 {
        for kind in CacheKind.allCases {
          let name = "\(layer).\(kind.name)"
          #expect(try numbers.tensor(name).shape == [1, 2, 8, 32])
          let expected = CacheTensor(
            kvHeads: 2, tokens: 8, headDim: 32, elementType: .float32, bytes: try numbers.read(name)
          ).rows(0..<5).decodedElements
          var worst = WorstError()
          for (found, right) in zip(try cache.tensor(kind, layer: layer).decodedElements, expected) {
            // Sums up to 64: half a unit in the last place of each of the two operations.
            worst.add(found, Double(right), unit: 64 * 0x1p-23)
          }
          #expect(worst.value <= 1, "\(name) of \(version)")
        }
      }
    }
  }

  @Test(arguments: ["", "-0.31"])
  func classesOfOtherStates(version: String) throws {
    for (name, layer, found) in [("chunked", 0, "ChunkedKVCache"), ("arrays", 1, "ArraysCache")] {
      let path = ForeignSamples.path("mlx/\(name)\(version).safetensors")
      #expect(throws: ForeignError.unsupported(path: path, what: "the class of layer \(layer)", found: found)) {
        try MLXCacheFile(path: path)
      }
    }
  }

  @Test func recognisesContentOnly() throws {
    let format = MLXFormat()
    for name in ["plain", "plain-0.31", "window-kept", "arrays-0.31", "quantized-4"] {
      #expect(format.recognises(try FormatItem(path: ForeignSamples.path("mlx/\(name).safetensors"))), "\(name)")
    }
    for name in ["mlx/quantized-4-numbers.safetensors", "official.safetensors", "README.md"] {
      #expect(!format.recognises(try FormatItem(path: ForeignSamples.path(name))), "\(name)")
    }
    let capture = ScratchFolder()
    try CaptureWriter.write(SyntheticCache.make(), to: capture.file("c"))
    #expect(!format.recognises(try FormatItem(path: capture.file("c"))))
  }
}
