import Baselines
import CacheCodec
import KVCacheModel
import TestSupport
import Testing

@testable import Commands

@Suite struct EvalMethodTests {
  private static func spectral(_ change: (inout SpectralParameters) -> Void) -> EvalMethod.Way {
    var parameters = SpectralParameters()
    change(&parameters)
    return .spectral(parameters)
  }

  @Test(arguments: [
    ("full", EvalMethod.Way.full), ("lossless", .lossless), ("fourier", .fourier),
    ("spectral", .spectral(SpectralParameters())), ("spectral@12x", spectral { $0.rate = .ratio(12) }),
    ("spectral@1.5x", spectral { $0.rate = .ratio(1.5) }),
    ("spectral@e0.085", spectral { $0.rate = .targetError(0.085) }),
    ("spectral+window=0", spectral { $0.window = 0 }),
    (
      "spectral@20x+weight-values+window=64+group-layers=1",
      spectral {
        ($0.rate, $0.window, $0.groupLayers, $0.weightsValuesByAttention) = (.ratio(20), 64, 1, true)
      }
    ),
    (
      "spectral@20x+window-steps=fine",
      spectral {
        ($0.rate, $0.windowSteps) = (.ratio(20), .fine)
      }
    ),
    (
      "spectral-model@20x",
      spectral {
        ($0.rate, $0.basis) = (.ratio(20), .model)
      }
    ),
    ("spectral-model", spectral { $0.basis = .model }), ("q8_0", .blocks(.q8, rotates: false)),
    ("q4_0", .blocks(.q4, rotates: false)), ("q4_0+hadamard", .blocks(.q4, rotates: true)), ("kivi-4", .kivi(bits: 4)),
    ("kivi-3", .kivi(bits: 3)), ("kivi-2", .kivi(bits: 2)), ("streaming@12x", .streaming(ratio: 12)),
  ]) func names(text: String, way: EvalMethod.Way) throws {
    let method = try EvalMethod(text)
    #expect(method.name == text && method.way == way && "\(method)" == text)
    #expect(method.needsBasis == text.hasPrefix("spectral-model"))
  }

  @Test func everyFormIsAMethod() throws {
    for form in EvalMethod.forms where !form.contains("[") { #expect(try EvalMethod(form).name == form) }
  }

  @Test(arguments: ["", "ful", "Full", "kivi", "kivi-5", "q4", "spectrals", "@12x"]) func unknown(text: String) {
    #expect(throws: EvalMethod.Failure.unknown(text)) { try EvalMethod(text) }
  }

  @Test(arguments: [
    "spectral@", "spectral@12", "spectral@x", "spectral@1x", "spectral@-2x", "spectral@infx", "spectral@nanx",
    "spectral@e", "spectral@e0", "spectral@e1", "spectral@enan", "spectral@12x@12x", "streaming", "streaming@",
    "streaming@e0.1", "streaming@1x", "full@2x", "q4_0@", "kivi-2@3", "spectral+", "spectral+window",
    "spectral+window=-1",
    "spectral+window=x", "spectral+group-layers=0", "spectral@12x+weight-values=1", "spectral+sinks=3",
    "spectral+window-steps=x",
  ]) func settingsThatAreNone(text: String) {
    #expect {
      try EvalMethod(text)
    } throws: { error in
      if case EvalMethod.Failure.setting(text, _) = error { true } else { false }
    }
  }

  @Test func lists() throws {
    #expect(try EvalMethod.list("full, q4_0,spectral@12x").map(\.name) == ["full", "q4_0", "spectral@12x"])
    #expect(throws: EvalMethod.Failure.none) { try EvalMethod.list("") }
    #expect(throws: EvalMethod.Failure.none) { try EvalMethod.list(",") }
    #expect(throws: EvalMethod.Failure.repeated("full")) { try EvalMethod.list("full,q4_0,full") }
  }

  /// Every method gives a cache of the same shape back and says what it takes.
  @Test func methodsKeepCaches() throws {
    let cache = SyntheticCache.make(layers: 2, kvHeads: 2, groupSize: 2, tokens: 256, headDim: 64, probe: 16)
    let raw = 2 * cache.description.geometry.elementCount
    for name in EvalMethod.forms where !name.contains("[") {
      let kept = try EvalMethod(name).keep(cache, basis: nil)
      #expect(kept.cache.description.geometry == cache.description.geometry)
      #expect(kept.cache.keys.map(\.tokens) == [256, 256] && kept.outsideBytes == 0)
      switch name {
      case "full":
        #expect(kept.fileBytes == raw && kept.cache.keys == cache.keys && kept.cache.values == cache.values)
      case "lossless": #expect(kept.fileBytes < raw && kept.cache.keys == cache.keys)
      case "streaming@12x":
        // 256 / 12 = 21 tokens, 4 of them sinks.
        #expect(kept.droppedPositions == 4..<256 - 17 && kept.fileBytes == raw * 21 / 256)
      case "spectral@12x": #expect(abs(Double(raw) / Double(kept.fileBytes) / 12 - 1) < 0.05)
      default: #expect(kept.fileBytes < raw && kept.cache.keys != cache.keys, "\(name)")
      }
      #expect(kept.droppedPositions.isEmpty || name.hasPrefix("streaming"))
    }
  }

  @Test func whatAMethodCannotTakeIsSaid() throws {
    // Heads of 32 dimensions are not rotated by llama.cpp.
    let narrow = SyntheticCache.make(tokens: 64, headDim: 32)
    #expect {
      try EvalMethod("q4_0+hadamard").keep(narrow, basis: nil)
    } throws: { ($0 as? EvalMethod.Unsuitable)?.reason.contains("multiple of 64") == true }
    #expect(try EvalMethod("streaming@1.01x").keep(narrow, basis: nil).droppedPositions == 4..<5)
    // Sinks alone take more than a hundredth.
    #expect(try EvalMethod("streaming@100x").keep(narrow, basis: nil).droppedPositions == 4..<64)
  }

  /// Layers with a sliding window hold the last 32 of 64 positions: 96 rows, of which a quarter stays.
  @Test func layersThatHoldOtherPositions() throws {
    let sliding = SyntheticCache.make(layers: 2, tokens: 64, slidingWindow: 32)
    let kept = try EvalMethod("streaming@4x").keep(sliding, basis: nil)
    // 4 sinks in one layer, and a window of 10 in both.
    #expect(kept.droppedPositions == 4..<54)
    #expect(kept.fileBytes == 2 * sliding.description.geometry.elementCount * (4 + 10 + 10) / 96)
    let geometry = sliding.description.geometry
    #expect(try EvalMethod.droppedPositions([4..<54, 0..<22], geometry) == 4..<54)
    #expect(try EvalMethod.droppedPositions([4..<30, 0..<0], geometry) == 4..<30)
    #expect(try EvalMethod.droppedPositions([0..<0, 0..<0], geometry) == 0..<0)
    for rows in [[4..<54, 0..<21], [4..<54, 4..<22], [0..<0, 3..<4]] {
      #expect {
        try EvalMethod.droppedPositions(rows, geometry)
      } throws: { ($0 as? EvalMethod.Unsuitable)?.reason.contains("other positions") == true }
    }
  }

  @Test func everyFailureIsOneLine() {
    let failures: [EvalMethod.Failure] = [.unknown("a"), .setting("a", expected: "b"), .repeated("a"), .none]
    for failure in failures { #expect(!"\(failure)".contains("\n") && !"\(failure)".isEmpty) }
  }

  @Test(
    arguments: [
      ("spectral@12x", 11.9, 12.0), ("spectral@12x", 12, nil), ("spectral@12x+window=0", 3, 12),
      ("spectral-model@20x", 19, 20), ("streaming@12x", 11.9, 12), ("streaming@12x", 12.1, nil),
      ("spectral@e0.085", 1, nil), ("spectral", 1, nil), ("full", 1, nil), ("kivi-2", 1, nil),
      ("a later method", 1, nil),
    ] as [(String, Double, Double?)])
  func ratiosThatAreNotReached(name: String, reached: Double, unmet: Double?) {
    #expect(EvalMethod.unmetRatio(of: name, reached: reached) == unmet)
  }
}
