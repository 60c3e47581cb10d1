import KVCacheModel

/// Neighbouring layers of one shape that are transformed together. Their features stand side by side: layer by layer,
/// head by head, dimension by dimension.
public struct LayerGroup: Hashable, Sendable {
  public var firstLayer: Int
  public var count: Int
  /// The shape that all of them have.
  public var shape: LayerGeometry

  /// n, the features of one token in all layers of the group.
  public var features: Int { count * shape.features }
  public var layers: Range<Int> { firstLayer..<firstLayer + count }

  /// The largest n that a group may have (formats/fkv.md §13.1): a basis takes n² numbers.
  static let mostFeatures = 16_384

  /// Groups of up to `size` neighbours of equal shape; nil takes as many as keep n at `features` or below.
  static func groups(of geometry: CacheGeometry, size: Int?, features: Int = 640) -> [LayerGroup] {
    geometry.layers.enumerated().reduce(into: []) { groups, next in
      let (layer, shape) = next
      let most = min(size ?? max(1, features / shape.features), max(1, mostFeatures / shape.features))
      if let last = groups.last, last.shape == shape, last.count < most {
        groups[groups.count - 1].count += 1
      } else {
        groups.append(LayerGroup(firstLayer: layer, count: 1, shape: shape))
      }
    }
  }
}

/// Which tokens of a group are exact, and how the others are cut into segments.
struct SegmentPlan: Hashable, Sendable {
  /// Row ranges that are kept bit for bit, in order.
  var exact: [Range<Int>]
  /// Row ranges with the factor of their step for keys and values, in order; each starts on a block of its own.
  var segments: [Segment]

  struct Segment: Hashable, Sendable {
    var rows: Range<Int>
    var zone: Zone
  }

  /// How near the end a segment is. The last tokens get most of the attention of the next, so they get finer steps: that
  /// is cheaper than keeping them exactly (docs/method.md).
  enum Zone: Hashable, Sendable {
    case body
    /// The window's first three eighths.
    case window
    /// The rest of the window, at the end.
    case latest
  }

  /// How much finer the steps of the window are.
  let windowSteps: WindowSteps

  /// What the step is multiplied by in a segment of the plan.
  func stepFactor(_ segment: Segment, _ kind: CacheKind) -> Float { windowSteps.factor(segment.zone, kind) }

  /// Tokens of the window where none are asked for: an eighth of the T cached tokens in whole blocks, 256 at most.
  static func automaticWindow(tokens: Int, blockLength block: Int) -> Int {
    min(256, (tokens / 8 + block - 1) / block * block)
  }

  /// The plan for T cached tokens.
  init(_ parameters: SpectralParameters, tokens: Int) {
    windowSteps = parameters.resolvedWindowSteps
    let sinks = min(parameters.sinks, tokens)
    let window = min(
      parameters.window ?? Self.automaticWindow(tokens: tokens, blockLength: parameters.blockLength), tokens - sinks)
    exact = sinks > 0 ? [0..<sinks] : []
    segments = []
    let body = sinks..<tokens - window
    for start in stride(from: body.lowerBound, to: body.upperBound, by: parameters.segmentTokens) {
      segments.append(
        Segment(rows: start..<min(start + parameters.segmentTokens, body.upperBound), zone: .body))
    }
    guard window > 0 else { return }
    switch parameters.windowCoding {
    case .lossless: exact.append(body.upperBound..<tokens)
    case .fine:
      let middle = min(body.upperBound + window * 3 / 8 / parameters.blockLength * parameters.blockLength, tokens)
      for (rows, zone) in [(body.upperBound..<middle, Zone.window), (middle..<tokens, Zone.latest)] where !rows.isEmpty
      {
        segments.append(Segment(rows: rows, zone: zone))
      }
    }
  }
}
