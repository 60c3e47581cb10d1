import Fidelity
import KVCacheModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What features are multiplied by before they share one quantiser step (docs/method.md).
///
/// From the sensitivities s(l, h) of a kind's layers and heads, with their geometric means s̄(l) over heads and s̄ over
/// layers:
///
///     w(l, h) = s̄ · (s̄(l) / s̄)^¾ · (s(l, h) / s̄(l))^½
///
/// so that a step Δ costs an attention-output error of about Δ/√12, and more bits go where they count more. The powers
/// are below 1 since noise of many heads and layers does not add up in proportion (measured, docs/benchmarks.md).
public struct FeatureWeights: Hashable, Sendable {
  /// One list a layer, one weight a KV head.
  public var layers: [[Float]]

  /// What the format allows (formats/fkv.md §13.2).
  static let legal: ClosedRange<Float> = 1e-30...1e30

  /// The weights of all layers' keys or values.
  public init(sensitivities: [[Float]]) {
    let positive = sensitivities.joined().filter { $0 > 0 && $0.isFinite }
    let overall = positive.isEmpty ? 1 : Self.geometricMean(positive)
    // A head that nobody listens to still keeps a thousandth of the usual weight.
    let floored = sensitivities.map { $0.map { $0.isFinite ? max($0, overall / 1000) : overall } }
    layers = floored.map { heads in
      let level = Self.geometricMean(heads)
      return heads.map {
        let weight = overall * powf(level / overall, 0.75) * ($0 / level).squareRoot()
        return min(max(weight, Self.legal.lowerBound), Self.legal.upperBound)
      }
    }
  }

  private static func geometricMean(_ values: [Float]) -> Float {
    values.isEmpty ? 1 : expf(values.reduce(0) { $0 + logf($1) } / Float(values.count))
  }

  /// The weights of a group's layers, one after the other.
  func weights(of group: LayerGroup) -> [Float] { Array(layers[group.layers].joined()) }
}
