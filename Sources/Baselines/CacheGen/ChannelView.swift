import KVCacheModel

/// A tensor (H, T, D) seen as T tokens of H·D channels.
struct ChannelView {
  private(set) var elements: [Float]
  let tokens: Int
  let channels: Int
  private let dims: Int

  /// The elements of a tensor; zeros for nil.
  init(_ elements: [Float]?, _ shape: LayerGeometry) {
    self.elements = elements ?? [Float](repeating: 0, count: shape.elementCount)
    precondition(self.elements.count == shape.elementCount)
    tokens = shape.tokens
    channels = shape.features
    dims = shape.headDim
  }

  subscript(token: Int, channel: Int) -> Float {
    get { elements[index(token, channel)] }
    set { elements[index(token, channel)] = newValue }
  }

  private func index(_ token: Int, _ channel: Int) -> Int {
    let (head, dim) = channel.quotientAndRemainder(dividingBy: dims)
    return (head * tokens + token) * dims + dim
  }
}
