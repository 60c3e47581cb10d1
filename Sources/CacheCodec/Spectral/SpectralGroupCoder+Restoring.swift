import ComputeKernels
import KVCacheModel

extension SpectralGroupCoder {
  /// The stored bytes of whole rows of a group: for each layer (H, rows, D).
  static func gather(_ tensors: [CacheTensor], rows: [Range<Int>]) -> [UInt8] {
    tensors.flatMap { tensor -> [UInt8] in
      let row = tensor.headDim * tensor.elementType.byteCount
      return (0..<tensor.kvHeads).flatMap { head in
        rows.flatMap {
          tensor.bytes[(head * tensor.tokens + $0.lowerBound) * row..<(head * tensor.tokens + $0.upperBound) * row]
        }
      }
    }
  }

  /// The stored bytes of some of a group's features over a run of rows, feature by feature.
  static func gather(_ tensors: [CacheTensor], features: [Int], rows: Range<Int>) -> [UInt8] {
    guard !features.isEmpty else { return [] }
    let perLayer = tensors[0].kvHeads * tensors[0].headDim
    return features.flatMap { feature in
      let tensor = tensors[feature / perLayer]
      return FeatureColumns(tokens: tensor.tokens, headDim: tensor.headDim).gatherBytes(
        tensor.bytes, elementSize: tensor.elementType.byteCount, features: [feature % perLayer], over: rows)
    }
  }

  /// Decodes a segment into its rows of the group's tensors.
  static func restore(
    _ segment: SpectralSegment, frame: SpectralFrame, samples: GroupSamples, transform: SegmentTransform,
    into tensors: inout [CacheTensor]
  ) {
    let features = [Float](unsafeUninitializedCapacity: segment.rows.count * transform.features) { buffer, count in
      count = segment.rows.count * transform.features
      transform.inverse(segment, into: buffer.baseAddress!)
    }
    features.withUnsafeBufferPointer { samples.write($0.baseAddress!, rows: segment.rows, into: &tensors) }
    guard !frame.exactFeatures.isEmpty else { return }
    let perLayer = frame.group.shape.features
    let size = segment.rows.count * tensors[0].elementType.byteCount
    for (index, feature) in frame.exactFeatures.enumerated() {
      let layer = feature / perLayer
      let columns = FeatureColumns(tokens: tensors[layer].tokens, headDim: tensors[layer].headDim)
      columns.scatterBytes(
        Array(segment.exactBytes[index * size..<(index + 1) * size]), elementSize: tensors[layer].elementType.byteCount,
        features: [feature % perLayer], over: segment.rows, into: &tensors[layer].bytes)
    }
  }

  /// Puts a frame's exact rows into the group's tensors.
  static func restoreExactRows(_ frame: SpectralFrame, into tensors: inout [CacheTensor]) {
    var place = 0
    for layer in tensors.indices {
      let row = tensors[layer].headDim * tensors[layer].elementType.byteCount
      for head in 0..<tensors[layer].kvHeads {
        for rows in frame.exactRows {
          let target = (head * tensors[layer].tokens + rows.lowerBound) * row
          let bytes = frame.exactBytes[place..<place + rows.count * row]
          tensors[layer].bytes.replaceSubrange(target..<target + bytes.count, with: bytes)
          place += bytes.count
        }
      }
    }
  }
}
