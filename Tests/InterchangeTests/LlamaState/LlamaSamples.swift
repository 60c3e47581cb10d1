import FileIO
import Foundation
import Interchange
import KVCacheModel

/// The state files under Resources/llama, which llama.cpp wrote.
enum LlamaSamples {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Resources/llama/\(name).bin").path
  }

  static let names = [
    "f16", "transposed", "bf16-f32", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "iq4_nl", "gemma", "session-streams",
    "server-slot", "version2-streams", "version2-transposed",
  ]

  static func bytes(_ name: String) throws -> [UInt8] {
    let file = try FileReader(path: path(name))
    return try file.read(at: 0, count: file.byteCount)
  }

  /// What SmolLM2 supplies, without loading it.
  static let smol = model("llama", layers: Array(repeating: smolLayer, count: 30), pairing: .interleaved)
  private static let smolLayer = LayerGeometry(kvHeads: 3, queryHeads: 9, headDim: 64, tokens: 0)

  /// What gemma-3-270m supplies: every sixth layer attends to everything.
  static let gemma = model(
    "gemma3",
    layers: (0..<18).map {
      LayerGeometry(kvHeads: 1, queryHeads: 4, headDim: 256, tokens: 0, slidingWindow: $0 % 6 == 5 ? nil : 512)
    }, pairing: .halfSplit)

  private static func model(_ architecture: String, layers: [LayerGeometry], pairing: RotaryEmbedding.Pairing)
    -> ModelFacts
  {
    ModelFacts(
      identity: ModelIdentity(name: architecture, architecture: architecture, fingerprint: "00"), layers: layers,
      ropes: [RotaryEmbedding(pairing: pairing, dimensions: layers[0].headDim, base: 100_000)], attentionScale: 0.125,
      attentionSoftcap: nil)
  }

  /// What opens a sample: its model, that cells of version 3 were rotated, and a sequence where there are two.
  static func supplied(_ name: String) -> SuppliedFacts {
    var supplied = SuppliedFacts()
    supplied.model = name == "gemma" ? gemma : smol
    supplied.cellsAreRotated = name != "version2-streams"
    if name == "session-streams" { supplied.sequence = 1 }
    return supplied
  }

  static func open(_ name: String, _ supplied: SuppliedFacts? = nil) throws -> any ForeignCache {
    let format: any CacheFormat = name == "session-streams" ? LlamaSessionFormat() : LlamaSequenceFormat()
    return try format.open(path(name), supplied: supplied ?? self.supplied(name))
  }
}
