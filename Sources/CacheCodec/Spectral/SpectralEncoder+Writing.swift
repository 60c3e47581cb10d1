import ComputeKernels
import FKVFormat
import Fidelity
import KVCacheModel

extension SpectralEncoder {
  /// One complete writing of the cache.
  struct Pass {
    var writer: FKVWriter
    var steps: SpectralSteps
    /// nil without probe queries.
    var errors: AttentionErrors?
  }

  /// Writes all sections with a pair of steps and measures what they cost; the caller commits or discards.
  func pass(
    steps: SpectralSteps, tokens: [Int32]?, path: String, progress: (Int) -> Void
  ) throws -> Pass {
    let writer = try FKVWriter(path: path)
    if let tokens { try TokenSection.add(tokens, to: writer) }
    var errors: [[Double]]? = []
    try ParallelLoop.ordered(
      groups.count, width: width,
      produce: { try encodeGroup($0, steps: steps) },
      consume: { index, encoded in
        let group = groups[index]
        for (kind, coded) in zip(CacheKind.allCases, encoded.coded) where group.shape.tokens > 0 {
          let size = source.description.elementType(of: kind).byteCount
          try writer.add(
            .spectralFrame(kind), layer: group.firstLayer, flags: .required, rawBytes: coded.frame.count,
            payload: coded.frame)
          for (number, segment) in coded.segments.enumerated() {
            try writer.add(
              .spectralSegment(kind), layer: group.firstLayer, index: number, tokens: segment.rows, flags: .required,
              rawBytes: segment.rows.count * group.features * size, payload: segment.payload)
          }
        }
        if let measured = encoded.errors { errors?.append(contentsOf: measured) } else { errors = nil }
        progress(group.layers.upperBound)
      })
    return Pass(writer: writer, steps: steps, errors: errors.map { AttentionErrors(layers: $0) })
  }

  private struct EncodedGroup: Sendable {
    var coded: [SpectralGroupCoder.Encoded]
    /// One list a layer; nil without probe queries.
    var errors: [[Double]]?
  }

  private func encodeGroup(_ index: Int, steps: SpectralSteps) throws -> EncodedGroup {
    let tensors = try CacheKind.allCases.map { try self.tensors($0, group: index) }
    let coded = zip(CacheKind.allCases, tensors).map { kind, tensors in
      coder(kind, group: index).encode(tensors, step: steps[kind])
    }
    var errors: [[Double]]? = []
    for (offset, layer) in groups[index].layers.enumerated() {
      guard let problem = try problem(layer: layer) else {
        errors = nil
        break
      }
      errors?.append(
        AttentionErrors.ofHeads(
          reference: try ReferenceAttention.outputs(
            problem, keys: tensors[0][offset].floats(), values: tensors[1][offset].floats()),
          restored: try ReferenceAttention.outputs(
            problem, keys: coded[0].restored[offset].floats(), values: coded[1].restored[offset].floats()),
          heads: problem.layer.queryHeads))
    }
    return EncodedGroup(coded: coded, errors: errors)
  }
}
