import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Files that llama.cpp wrote, of every kind that a small model gives.
struct LlamaStateSampleTests {
  @Test(arguments: LlamaSamples.names) func isReadAsWhatItIs(_ name: String) throws {
    let facts = try LlamaSamples.open(name).facts
    let isSmol = name != "gemma"
    #expect(facts.layers.count == (isSmol ? 30 : 18))
    let count = ["bf16-f32", "session-streams", "server-slot", "version2-transposed"].contains(name) ? 1 : 2
    #expect(facts.layers.allSatisfy { $0.tokens == count && $0.firstPosition == 0 })
    #expect(facts.layers.allSatisfy { $0.kvHeads == (isSmol ? 3 : 1) && $0.headDim == (isSmol ? 64 : 256) })
    #expect(facts.keyConvention == .llamaCpp)
    switch name {
    case "session-streams": #expect(facts.tokens == nil && facts.model.architecture == "llama")
    case "gemma": #expect(facts.tokens == [2, 818])
    case "version2-streams": #expect(facts.tokens == [504, 2366])
    default: #expect(facts.tokens == Array([504, 2365].prefix(count)))
    }
    let isQuantised = name.contains("q") || name == "version2-streams"
    let losses = isQuantised ? 2 : name == "session-streams" ? 1 : 0
    #expect(facts.isQuantised == isQuantised && facts.losses.count == losses)
    let keyType: ElementType = isQuantised ? .float32 : name == "bf16-f32" ? .bfloat16 : .float16
    let valueType: ElementType = isQuantised || name == "bf16-f32" ? .float32 : .float16
    #expect(facts.keyType == keyType && facts.valueType == valueType)
  }

  @Test(arguments: LlamaSamples.names) func isRecognised(_ name: String) throws {
    let item = try FormatItem(path: LlamaSamples.path(name))
    #expect(LlamaSequenceFormat().recognises(item) == (name != "session-streams"))
    #expect(LlamaSessionFormat().recognises(item) == (name == "session-streams"))
    #expect(!CaptureFormat().recognises(item))
  }

  /// Layer 0 depends on nothing but each token, so the same token gives the same keys up to how a file rounds them.
  @Test(arguments: LlamaSamples.names.filter { $0 != "gemma" }) func agreesWithTheF16File(_ name: String) throws {
    let (exact, found) = (try LlamaSamples.open("f16"), try LlamaSamples.open(name))
    // Sequence 1 of the files with two sequences ends with another token: the first is common.
    let count = ["session-streams", "version2-streams"].contains(name) ? 1 : found.facts.layers[0].tokens
    // In session-streams that first token is already the other one.
    guard name != "session-streams" else { return }
    for kind in CacheKind.allCases {
      let x = try exact.tensor(kind, layer: 0).rows(0..<count).decodedElements
      let y = try found.tensor(kind, layer: 0).rows(0..<count).decodedElements
      let step = Self.step(name, kind)
      // The rotation spreads what a head's blocks lose, and keeps its norm.
      for head in stride(from: 0, to: x.count, by: 64) {
        var (lost, norm): (Float, Float) = (0, 0)
        for i in head..<head + 64 {
          lost += (x[i] - y[i]) * (x[i] - y[i])
          norm += x[i] * x[i]
        }
        // Each of 64 numbers loses at most half a step of the largest number's size, which is at most the norm;
        // f16 numbers differ by their last bit, since versions of llama.cpp add in other orders.
        #expect(lost.squareRoot() <= norm.squareRoot() * (8 * step / 2 + 0x1p-8), "\(kind) \(head)")
      }
    }
  }

  /// The quantiser's step as a part of a block's largest number; 0 for types that only round.
  private static func step(_ name: String, _ kind: CacheKind) -> Float {
    switch name {
    case "q8_0": 1 / 127
    case "version2-streams": kind == .key ? 1 / 127 : 1 / 8
    // From −max to max in 15 or 31 steps.
    case "q4_1": 2 / 15
    case "q5_1": 2 / 31
    case "q5_0": 1 / 16
    case "q4_0": 1 / 8
    // The largest gap is 24 of 113.
    case "iq4_nl": 24 / 113
    default: 0
    }
  }

  /// A wrong answer on the rotation is far off: the option matters.
  @Test func rotationMatters() throws {
    var supplied = LlamaSamples.supplied("q8_0")
    supplied.cellsAreRotated = false
    let (wrong, right) = (try LlamaSamples.open("q8_0", supplied), try LlamaSamples.open("f16"))
    let x = try right.tensor(.key, layer: 0).decodedElements
    let y = try wrong.tensor(.key, layer: 0).decodedElements
    let dot = zip(x, y).reduce(Float(0)) { $0 + $1.0 * $1.1 }
    let norms = (x.reduce(0) { $0 + $1 * $1 } * y.reduce(0) { $0 + $1 * $1 }).squareRoot()
    #expect(abs(dot / norms) < 0.5)
    supplied.cellsAreRotated = nil
    #expect(throws: MissingFacts(path: LlamaSamples.path("q8_0"), facts: [.cellRotation])) {
      try LlamaSamples.open("q8_0", supplied)
    }
  }

  /// Reading and writing a file of llama.cpp's gives it back byte for byte, quantised cells too.
  @Test(arguments: ["f16", "bf16-f32", "gemma", "transposed", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1"])
  func isWrittenAsLlamaWritesIt(_ name: String) throws {
    let scratch = ScratchFolder()
    let cache = try DescribedCache(LlamaSamples.open(name), supplied: LlamaSamples.supplied(name), needs: [])
    var options = WriteOptions()
    options.stateVersion = 3
    let type = LlamaCellType.allCases.first { $0.name == name && $0.isQuantised }
    options.cells = LlamaCellLayout(keyType: type, valueType: type, transposesValues: name == "transposed")
    let losses = try LlamaSequenceFormat().write(cache, to: scratch.file("o"), options: options) { _ in }
    #expect(
      losses.map(\.what) == (type == nil ? [] : ["keys are written as \(name)", "values are written as \(name)"]))
    #expect(try scratch.read("o") == LlamaSamples.bytes(name))
  }
}
