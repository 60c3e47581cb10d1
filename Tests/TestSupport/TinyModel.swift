import Foundation

/// A made-up model of two layers with random weights and a byte tokenizer, 100 kB or so, that llama.cpp runs.
public struct TinyModel {
  /// `llama`, or another architecture with the same tensors.
  public var architecture = "llama"
  public var name = "tiny"
  public var context = 256
  /// Layers' weights come from it; the embedding's do not.
  public var seed: UInt64 = 1
  /// What rotary frequencies are divided by up to the original context and beyond, eight numbers each; nil for none.
  public var longRope: (short: [Float], long: [Float], original: Int)?
  /// The window of the first layer; the second attends to everything. Needs the architecture `gemma2`.
  public var slidingWindow: Int?
  /// Whether the last layer lacks its feed-forward part, over which llama.cpp ends the process (`deci`).
  public var lacksLastFeedForward = false
  /// Its chat template; nil for none.
  public var chatTemplate: String?
  /// Whether metadata and tensors stand in reverse order.
  public var isReversed = false

  public init() {}

  private static let (embedding, heads, kvHeads, headDim, feedForward, layers) = (64, 4, 2, 16, 128, 2)

  /// Writes one file and gives its path back.
  public func write(to path: String) -> String {
    var builder = GGUFBuilder()
    addMetadata(&builder)
    let tensors = embeddingTensors + layerTensors
    for tensor in isReversed ? tensors.reversed() : tensors { tensor(&builder) }
    return builder.write(to: path)
  }

  /// Writes `NAME-00001-of-00002.gguf` with metadata and embedding and `-00002-of-00002.gguf` with the layers; the first
  /// one's path.
  public func writeSplit(to name: String) -> String {
    let parts = [embeddingTensors, layerTensors]
    for (index, tensors) in parts.enumerated() {
      var builder = GGUFBuilder()
      if index == 0 { addMetadata(&builder) }
      builder.entry("split.no", 2, GGUFBuilder.little(UInt16(index)))
      builder.entry("split.count", 2, GGUFBuilder.little(UInt16(2)))
      builder.entry("split.tensors.count", 5, GGUFBuilder.little(Int32(parts[0].count + parts[1].count)))
      for tensor in tensors { tensor(&builder) }
      _ = builder.write(to: "\(name)-0000\(index + 1)-of-00002.gguf")
    }
    return "\(name)-00001-of-00002.gguf"
  }

  private static let tokens =
    ["<unk>", "<s>", "</s>"]
    + (0..<256).map { "<0x" + (($0 < 16 ? "0" : "") + String($0, radix: 16).uppercased()) + ">" }
    + ["\u{2581}"] + (33..<127).map { String(UnicodeScalar(UInt8($0))) }

  private func addMetadata(_ builder: inout GGUFBuilder) {
    let a = architecture
    let feedForward = lacksLastFeedForward ? [Int32(Self.feedForward), 0] : nil
    var entries: [(inout GGUFBuilder) -> Void] = [
      { $0.add("general.architecture", a) }, { [name] in $0.add("general.name", name) },
      { [context] in $0.add("\(a).context_length", UInt32(context)) },
      { $0.add("\(a).embedding_length", UInt32(Self.embedding)) },
      { $0.add("\(a).block_count", UInt32(Self.layers)) },
      {
        if let feedForward {
          $0.add("\(a).feed_forward_length", feedForward)
        } else {
          $0.add("\(a).feed_forward_length", UInt32(Self.feedForward))
        }
      },
      { $0.add("\(a).attention.head_count", UInt32(Self.heads)) },
      { $0.add("\(a).attention.head_count_kv", UInt32(Self.kvHeads)) },
      { $0.add("\(a).attention.layer_norm_rms_epsilon", Float(1e-5)) },
      { $0.add("\(a).rope.freq_base", Float(10_000)) },
      { $0.add("\(a).rope.dimension_count", UInt32(Self.headDim)) },
      { $0.add("\(a).attention.key_length", UInt32(Self.headDim)) },
      { $0.add("\(a).attention.value_length", UInt32(Self.headDim)) },
      { $0.add("\(a).vocab_size", UInt32(Self.tokens.count)) },
      { $0.add("tokenizer.ggml.model", "llama") }, { $0.add("tokenizer.ggml.tokens", Self.tokens) },
      {
        let zeros = [UInt8](repeating: 0, count: 4 * Self.tokens.count)
        let head = GGUFBuilder.little(UInt32(6)) + GGUFBuilder.little(UInt64(Self.tokens.count))
        $0.entry("tokenizer.ggml.scores", 9, head + zeros)
      },
      {
        let types: [Int32] = [2, 3, 3] + [Int32](repeating: 6, count: 256) + [Int32](repeating: 1, count: 95)
        $0.add("tokenizer.ggml.token_type", types)
      },
      { $0.add("tokenizer.ggml.bos_token_id", UInt32(1)) }, { $0.add("tokenizer.ggml.eos_token_id", UInt32(2)) },
    ]
    if let longRope {
      entries.append { $0.add("\(a).rope.scaling.type", "longrope") }
      entries.append { $0.add("\(a).rope.scaling.original_context_length", UInt32(longRope.original)) }
      entries.append { $0.add("\(a).rope.scaling.attn_factor", Float(1.1)) }
    }
    if let chatTemplate { entries.append { $0.add("tokenizer.chat_template", chatTemplate) } }
    if let slidingWindow { entries.append { $0.add("\(a).attention.sliding_window", UInt32(slidingWindow)) } }
    for entry in isReversed ? entries.reversed() : entries { entry(&builder) }
  }

  private typealias Tensor = (inout GGUFBuilder) -> Void

  private func random(_ name: String, _ sizes: Int..., seed: UInt64) -> Tensor {
    var generator = RepeatableGenerator(seed: seed &* 1_000_003 &+ name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    let values = (0..<sizes.reduce(1, *)).map { _ in Float.random(in: -0.09...0.09, using: &generator) }
    return { $0.addTensor(name, values, sizes: sizes) }
  }

  private var embeddingTensors: [Tensor] {
    var tensors = [random("token_embd.weight", Self.embedding, Self.tokens.count, seed: 0)]
    tensors.append { $0.addTensor("output_norm.weight", [Float](repeating: 1, count: Self.embedding)) }
    return tensors
  }

  private var layerTensors: [Tensor] {
    let (width, keys) = (Self.heads * Self.headDim, Self.kvHeads * Self.headDim)
    var tensors: [Tensor] = []
    if let longRope {
      tensors.append { $0.addTensor("rope_factors_short.weight", longRope.short) }
      tensors.append { $0.addTensor("rope_factors_long.weight", longRope.long) }
    }
    for layer in 0..<Self.layers {
      let place = "blk.\(layer)."
      let ones = [Float](repeating: 1, count: Self.embedding)
      tensors.append { $0.addTensor(place + "attn_norm.weight", ones) }
      tensors += [
        random(place + "attn_q.weight", Self.embedding, width, seed: seed),
        random(place + "attn_k.weight", Self.embedding, keys, seed: seed),
        random(place + "attn_v.weight", Self.embedding, keys, seed: seed),
        random(place + "attn_output.weight", width, Self.embedding, seed: seed),
      ]
      if slidingWindow != nil {
        for name in ["post_attention_norm", "post_ffw_norm"] {
          tensors.append { $0.addTensor(place + name + ".weight", ones) }
        }
      }
      if lacksLastFeedForward && layer == Self.layers - 1 { continue }
      tensors.append { $0.addTensor(place + "ffn_norm.weight", ones) }
      tensors += [
        random(place + "ffn_gate.weight", Self.embedding, Self.feedForward, seed: seed),
        random(place + "ffn_up.weight", Self.embedding, Self.feedForward, seed: seed),
        random(place + "ffn_down.weight", Self.feedForward, Self.embedding, seed: seed),
      ]
    }
    return tensors
  }
}
