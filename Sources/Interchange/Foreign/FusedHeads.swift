/// H and D of files that only say H·D.
struct FusedHeads {
  let kvHeads: Int
  let headDim: Int

  /// Splits `features` by what is known of the two.
  ///
  /// - Throws: `MissingFacts` if neither is known, `FactConflict` if they do not give `features`.
  init(features: Int, path: String, kvHeads: Int?, headDim: Int?) throws {
    guard kvHeads != nil || headDim != nil else { throw MissingFacts(path: path, facts: [.kvHeads, .headDim]) }
    let heads = kvHeads ?? features / headDim!
    let dims = headDim ?? features / heads
    guard heads > 0, dims > 0, heads <= CaptureLimit.dimension, dims <= CaptureLimit.dimension, heads * dims == features
    else {
      throw FactConflict(
        path: path, what: "KV heads times head dimension", file: String(features),
        supplied: "\(kvHeads.map(String.init) ?? "?") × \(headDim.map(String.init) ?? "?")")
    }
    self.kvHeads = heads
    self.headDim = dims
  }
}

extension SuppliedFacts {
  /// Heads of a model whose layers are all alike, or of options; nil where nothing is supplied.
  var fusedHeads: (kvHeads: Int?, headDim: Int?)? {
    if let layer = model?.layers.first { return (layer.kvHeads, layer.headDim) }
    return kvHeads == nil && headDim == nil ? nil : (kvHeads, headDim)
  }
}
