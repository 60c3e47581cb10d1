import CLlama
import Foundation
import KVCacheModel

@testable import LlamaEngine

/// Outputs of llama.cpp's own attention, watched in a context apart from any session.
final class EngineAttention {
  /// One a layer: shape (tokens of the last batch, H·G, D).
  private(set) var outputs: [Int: [Float]] = [:]

  /// The position of the first token of the last batch.
  private var batchStart = 0

  /// Runs a prompt in the batches that a session would make of it.
  init(_ model: LlamaModel, tokens: [Int32]) {
    var parameters = llama_context_default_params()
    parameters.n_ctx = UInt32(tokens.count)
    parameters.n_ubatch = UInt32(LlamaSession.batchTokens)
    parameters.n_threads = Int32(TestModel.threads)
    parameters.n_threads_batch = Int32(TestModel.threads)
    parameters.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED
    parameters.cb_eval = { tensor, asking, data in
      let node = GraphNode(pointer: tensor!)
      guard node.operation == GGML_OP_FLASH_ATTN_EXT else { return !asking }
      if !asking, let layer = node.source(1)?.cacheLayer("cache_k_l") {
        let owner = Unmanaged<EngineAttention>.fromOpaque(data!).takeUnretainedValue()
        owner.outputs[layer] = node.bytes().withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      }
      return true
    }
    parameters.cb_eval_user_data = Unmanaged.passUnretained(self).toOpaque()
    let context = llama_init_from_model(model.handle, parameters)!
    defer { llama_free(context) }
    while true {
      let batch = tokens[batchStart..<min(batchStart + LlamaSession.batchTokens, tokens.count)]
      try! LlamaSession.run(context, batch, from: batchStart, logitsFrom: batch.count - 1)
      if batch.endIndex == tokens.count { return }
      batchStart = batch.endIndex
    }
  }

  /// What may lie between the engine and the reference, relative to an output's 2-norm: Float sums of T ≤ 640 terms, in
  /// scores, weights and outputs, 3 · 640 · 2⁻²⁴ = 1.1·10⁻⁴. (2·10⁻⁶ was seen.) Holds for batches of 64 tokens or more:
  /// for fewer, llama.cpp's kernel for CPUs rounds queries and sums to F16, and is 10⁻³ to 10⁻² off.
  static let tolerance = 1.2e-4

  /// The largest relative 2-norm error over layers and heads between what the engine put out for a captured cache's
  /// probe queries and causal softmax attention in Double from the capture alone, its scale multiplied by `factor`.
  func worstError(_ cache: some CacheSource, layers: [Int], scaledBy factor: Double = 1) throws -> Double {
    var worst = 0.0
    for layer in layers {
      let queries = try cache.probeQueries(layer: layer)!
      let dim = queries.headDim
      let keys = try Self.halves(cache.tensor(.key, layer: layer))
      let values = try Self.halves(cache.tensor(.value, layer: layer))
      let scale = Double(cache.description.attentionScale) * factor
      for head in 0..<queries.heads {
        var (difference, norm) = (0.0, 0.0)
        for probe in 0..<queries.count {
          let output = Self.reference(
            queries, keys, values, cache.description.geometry.layers[layer], head: head, probe: probe, scale: scale)
          let start = ((queries.firstPosition + probe - batchStart) * queries.heads + head) * dim
          for index in 0..<dim {
            let engine = Double(outputs[layer]![start + index])
            difference += (engine - output[index]) * (engine - output[index])
            norm += engine * engine
          }
        }
        worst = max(worst, (difference / norm).squareRoot())
      }
    }
    return worst
  }

  /// Softmax attention of one query over the tokens that it sees.
  private static func reference(
    _ queries: ProbeQueries, _ keys: [Double], _ values: [Double], _ shape: LayerGeometry, head: Int, probe: Int,
    scale: Double
  ) -> [Double] {
    let dim = shape.headDim
    let last = queries.firstPosition + probe
    let first = shape.slidingWindow.map { max(0, last - $0 + 1) } ?? 0
    let query = queries.elements[(head * queries.count + probe) * dim..<(head * queries.count + probe + 1) * dim]
      .map(Double.init)
    let rows = (first...last).map { ((head / shape.groupSize) * shape.tokens + $0 - shape.firstPosition) * dim }
    return query.withUnsafeBufferPointer { query in
      keys.withUnsafeBufferPointer { keys in
        values.withUnsafeBufferPointer { values in
          var scores = [Double](repeating: 0, count: rows.count)
          for (index, row) in rows.enumerated() {
            for dim in 0..<dim { scores[index] += query[dim] * keys[row + dim] * scale }
          }
          let highest = scores.max()!
          let total = scores.reduce(0) { $0 + exp($1 - highest) }
          var output = [Double](repeating: 0, count: dim)
          for (index, row) in rows.enumerated() {
            let weight = exp(scores[index] - highest) / total
            for dim in 0..<dim { output[dim] += weight * values[row + dim] }
          }
          return output
        }
      }
    }
  }

  private static func halves(_ tensor: CacheTensor) -> [Double] {
    tensor.bytes.withUnsafeBytes { $0.bindMemory(to: Float16.self).map(Double.init) }
  }
}
