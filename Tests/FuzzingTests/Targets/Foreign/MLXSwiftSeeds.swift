/// Prompt caches as mlx-swift-lm writes them, where they differ from those of mlx-lm.
enum MLXSwiftSeeds {
  static func all() -> [[UInt8]] {
    let quantised = ["0.1.0": "256", "0.1.1": "2", "0.1.2": "32", "0.1.3": "4", "2.1": "QuantizedKVCache"]
    let rotating = [
      "0.0.0": "0", "0.0.1": "2", "0.0.2": "256", "0.0.3": "5", "0.0.4": "2", "0.0.5": "model",
      "2.0": "RotatingKVCache",
    ]
    let marked = ["0.0.0": "", "1.__mlx_lm_state_count": "1", "2.0": "__mlx_lm_state_v1__:KVCache"]
    return [
      ForeignSeeds.safetensors(
        quantisedLayer(0), ["0.0.0": "256", "0.0.1": "2", "0.0.2": "32", "0.0.3": "4", "2.0": "QuantizedKVCache"]),
      ForeignSeeds.safetensors(plainLayer, rotating),
      ForeignSeeds.safetensors(plainLayer + quantisedLayer(1), rotating.merging(quantised) { $1 }),
      ForeignSeeds.safetensors(plainLayer + [("__mlx_lm_state_tensor_0", "I32", [1], 4)], marked),
      ForeignSeeds.safetensors(
        plainLayer + [("1.0", "F32", [1, 1, 2, 32], 256), ("1.1", "BF16", [1, 1, 2, 32], 128)],
        ["0.0.0": "", "0.1.0": "", "2.0": "KVCache", "2.1": "KVCache"]),
    ]
  }

  /// One head of two tokens, 32 dimensions.
  private static var plainLayer: [ForeignSeeds.Tensor] { [0, 1].map { ("0.\($0)", "F16", [1, 1, 2, 32], 128) } }

  /// The same in four bits: six tensors side by side.
  private static func quantisedLayer(_ layer: Int) -> [ForeignSeeds.Tensor] {
    [0, 3].flatMap { first -> [ForeignSeeds.Tensor] in
      [
        ("\(layer).\(first)", "U32", [1, 1, 2, 4], 32), ("\(layer).\(first + 1)", "F16", [1, 1, 2, 1], 4),
        ("\(layer).\(first + 2)", "F16", [1, 1, 2, 1], 4),
      ]
    }
  }
}
