/// The attention-output error of each query head of some layers, and its summaries.
public struct AttentionErrors: Hashable, Sendable {
  /// One row a layer, one error a query head: ‖o−õ‖₂ / ‖o‖₂ over probe queries and dimensions.
  public var layers: [[Double]]

  public init(layers: [[Double]]) { self.layers = layers }

  /// The mean over (layer, head); 0 if there are none.
  public var mean: Double {
    let all = layers.joined()
    return all.isEmpty ? 0 : all.reduce(0, +) / Double(all.count)
  }

  /// The largest over (layer, head); 0 if there are none.
  public var max: Double { layers.joined().max() ?? 0 }

  /// Each layer's mean over its heads.
  public var layerMeans: [Double] { layers.map { $0.isEmpty ? 0 : $0.reduce(0, +) / Double($0.count) } }

  /// The (layer, head) with the largest errors, worst first; ties in layer and head order.
  public func worst(_ count: Int) -> [(layer: Int, head: Int, error: Double)] {
    layers.enumerated()
      .flatMap { layer, heads in heads.enumerated().map { (layer: layer, head: $0.offset, error: $0.element) } }
      .sorted { ($0.error, $1.layer, $1.head) > ($1.error, $0.layer, $0.head) }
      .prefix(count).map { $0 }
  }

  /// The errors of one layer's query heads, given outputs of the full and of the restored cache, both (H·G, P, D).
  public static func ofHeads(reference: [Float], restored: [Float], heads: Int) -> [Double] {
    precondition(reference.count == restored.count && heads > 0 && reference.count % heads == 0)
    let size = reference.count / heads
    return (0..<heads).map { head in
      var error = RelativeError()
      error.add(reference[head * size..<(head + 1) * size], restored[head * size..<(head + 1) * size])
      return error.value
    }
  }
}
