import CLlama
import Interchange

/// Looks at llama.cpp's computation graph while it runs.
final class GraphObserver {
  /// One layer's attention as the graph has it.
  struct Attention {
    var keyLayer: Int?
    var valueLayer: Int?
    var kvHeads: Int
    var queryHeads: Int
    var keyDim: Int
    var valueDim: Int
    /// What q·k is multiplied by before the softmax, from the query's last other operation on.
    var scale: Float
    /// The part of `scale` that the query already carries when it enters the attention.
    var queryScale: Float
    var maxBias: Float
    var softcap: Float
    var hasSinks: Bool
    /// Cached tokens that the last query of the batch sees.
    var visibleTokens: Int
  }

  enum Task {
    /// Nothing is looked at; the graph runs in one piece.
    case nothing
    /// Attention nodes and key writes are described.
    case layout
    /// Queries of the batch that begins at position `batchStart` are recorded.
    case queries(batchStart: Int)
  }

  var task = Task.nothing
  private(set) var attentions: [Attention] = []
  private(set) var keyRotations: [Int: KeyRotation] = [:]
  /// Where queries are put; they are handed over by the session.
  var recorder: QueryRecorder?

  /// Forgets what was described before, and describes from now on.
  func describe() {
    attentions = []
    keyRotations = [:]
    task = .layout
  }

  /// The callback that a context gets, with an unretained `GraphObserver` as its data.
  static let callback: ggml_backend_sched_eval_callback = { tensor, asking, data in
    guard let tensor, let data else { return !asking }
    let observer = Unmanaged<GraphObserver>.fromOpaque(data).takeUnretainedValue()
    return observer.visit(GraphNode(pointer: tensor), asking: asking)
  }

  /// While asking: whether the node is wanted when it is computed. Afterwards: whether to go on.
  private func visit(_ node: GraphNode, asking: Bool) -> Bool {
    switch task {
    case .nothing: return !asking
    case .layout:
      if node.operation == GGML_OP_SET_ROWS, asking, let layer = node.cacheLayer("cache_k_l"), let key = node.source(0)
      {
        keyRotations[layer] = key.keyRotation
      }
      guard node.operation == GGML_OP_FLASH_ATTN_EXT else { return !asking }
      if !asking { attentions.append(attention(node)) }
      return true
    case .queries(let batchStart):
      guard node.operation == GGML_OP_FLASH_ATTN_EXT, let query = node.source(0),
        let layer = node.source(1)?.cacheLayer("cache_k_l")
      else { return !asking }
      if !asking { recorder?.record(query, layer: layer, batchStart: batchStart) }
      return true
    }
  }

  private func attention(_ node: GraphNode) -> Attention {
    let (query, key, value) = (node.source(0)!, node.source(1)!, node.source(2)!)
    let queryScale = query.trailingScale
    return Attention(
      keyLayer: key.cacheLayer("cache_k_l"), valueLayer: value.cacheLayer("cache_v_l"),
      kvHeads: key.shape.2, queryHeads: query.shape.2, keyDim: key.shape.0, valueDim: value.shape.0,
      scale: node.floatParameter(0) * queryScale, queryScale: queryScale, maxBias: node.floatParameter(1),
      softcap: node.floatParameter(2), hasSinks: node.source(4) != nil,
      visibleTokens: node.source(3).map(visible) ?? 0)
  }

  /// Zeros in the mask's last row: tokens that are not hidden.
  private func visible(_ mask: GraphNode) -> Int {
    let (columns, rows, _, _) = mask.shape
    return mask.bytes().withUnsafeBytes { raw in
      let values = raw.bindMemory(to: UInt16.self)
      return values[(rows - 1) * columns..<rows * columns].count { $0 & 0x7fff == 0 }
    }
  }
}
