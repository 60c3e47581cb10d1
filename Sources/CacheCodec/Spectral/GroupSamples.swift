import ComputeKernels
import KVCacheModel
import SpectralTransform

/// Keys or values of a group as rows of weighted features: what profile `spectral` transforms.
///
/// Row t is, for each layer, head and dimension, weight(layer, head) · (un-rotated element − mean). Keys are un-rotated
/// where their rotary embedding is known; values and other keys are taken as they are.
struct GroupSamples: Sendable {
  let group: LayerGroup
  /// One a layer and head.
  let weights: [Float]
  /// n numbers, in units of un-rotated elements.
  let mean: [Float]
  /// nil for values, and for keys that carry no known rotation.
  let rotation: KeyRotation?

  /// Writes rows of features, (rows, n), of tensors of the group's layers.
  func read(_ tensors: [CacheTensor], rows: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    let (n, d, heads) = (group.features, group.shape.headDim, group.shape.kvHeads)
    for (layer, tensor) in tensors.enumerated() {
      for head in 0..<heads {
        let column = (layer * heads + head) * d
        let size = tensor.elementType.byteCount
        let start = (head * tensor.tokens + rows.lowerBound) * d * size
        var values = CacheTensor.widen(
          tensor.bytes[start..<start + rows.count * d * size], elementType: tensor.elementType)
        values.withUnsafeMutableBufferPointer { values in
          guard rows.count > 0 else { return }
          rotation?.unrotate(values.baseAddress!, rows: rows.count, stride: d, start: rows.lowerBound)
          let weight = weights[layer * heads + head]
          mean.withUnsafeBufferPointer { mean in
            for t in 0..<rows.count {
              let (source, row) = (values.baseAddress! + t * d, target + t * n + column)
              for i in 0..<d { row[i] = weight * (source[i] - mean[column + i]) }
            }
          }
        }
      }
    }
  }

  /// Puts rows of features back into tensors of the group's layers; undoes `read` to rounding.
  func write(_ features: UnsafePointer<Float>, rows: Range<Int>, into tensors: inout [CacheTensor]) {
    let (n, d, heads) = (group.features, group.shape.headDim, group.shape.kvHeads)
    var values = [Float](repeating: 0, count: rows.count * d)
    for layer in tensors.indices {
      for head in 0..<heads {
        let column = (layer * heads + head) * d
        let inverse = 1 / weights[layer * heads + head]
        values.withUnsafeMutableBufferPointer { values in
          guard rows.count > 0 else { return }
          mean.withUnsafeBufferPointer { mean in
            for t in 0..<rows.count {
              let (row, target) = (features + t * n + column, values.baseAddress! + t * d)
              for i in 0..<d { target[i] = inverse * row[i] + mean[column + i] }
            }
          }
          rotation?.rotate(values.baseAddress!, rows: rows.count, stride: d, start: rows.lowerBound)
        }
        let start = (head * tensors[layer].tokens + rows.lowerBound) * d
        tensors[layer].store(values, at: start)
      }
    }
  }
}
