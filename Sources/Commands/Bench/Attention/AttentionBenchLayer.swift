import CacheCodec
import FlashAttention
import KVCacheModel

/// A layer and the ways to attend over it.
protocol AttentionBenchLayer {
  typealias Variant = AttentionBenchVariant
  /// On the processor, ours first.
  var variants: [Variant] { get throws }
  /// The same on a GPU, and its dense attention.
  func deviceVariants(_ driver: CUDADriver) throws -> (variants: [Variant], dense: DenseDevice)
  func report(device: String, bandwidth: Double, rows: [AttentionBenchReport.Row]) -> AttentionBenchReport
}

/// A way to compute the layer's attention, and what it must give.
struct AttentionBenchVariant {
  var name: String
  var bytesRead: Int
  /// In Float64.
  var expected: [Double]
  /// The outputs of one step.
  var run: () throws -> [Float]
  /// One step as it is timed: `run`, unless outputs stay on a device.
  var step: () throws -> Void

  init(
    name: String, bytesRead: Int, expected: [Double], step: (() throws -> Void)? = nil,
    run: @escaping () throws -> [Float]
  ) {
    self.name = name
    self.bytesRead = bytesRead
    self.expected = expected
    self.run = run
    self.step = step ?? { _ = try run() }
  }
}

/// Queries for files, which have none of their own.
enum AttentionBenchQueries {
  /// Half the last key of each query head's KV head, at the last token's position.
  static func like(_ keys: CacheTensor, _ shape: LayerGeometry) -> ProbeQueries {
    let last = keys.rows(shape.tokens - 1..<shape.tokens).floats()
    return ProbeQueries(
      heads: shape.queryHeads, count: 1, headDim: shape.headDim, firstPosition: shape.endPosition - 1,
      elements: (0..<shape.queryHeads).flatMap { head in
        let start = head / shape.groupSize * shape.headDim
        return last[start..<start + shape.headDim].map { $0 / 2 }
      })
  }
}

/// Why there is nothing to measure.
public enum AttentionBenchFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file has no such layer, or it holds no tokens.
  case noSuchLayer(Int, layers: Int)

  public var description: String {
    switch self {
    case .noSuchLayer(let layer, let layers): "there is no layer \(layer) with tokens; the file has \(layers) layers"
    }
  }
}
