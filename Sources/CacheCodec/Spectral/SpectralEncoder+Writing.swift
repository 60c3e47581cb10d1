import ComputeKernels
import FKVFormat
import Fidelity
import FileIO
import KVCacheModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension SpectralEncoder {
  /// One complete writing of the cache.
  struct Pass {
    var writer: FKVWriter
    /// The steps of the first round of groups.
    var start: SpectralSteps
    /// The geometric means of the groups' steps.
    var steps: SpectralSteps
    /// nil without probe queries.
    var errors: AttentionErrors?
    /// What steered the pass, with what each group cost.
    var control: PassControl?
  }

  /// Writes all sections and measures what they cost; the caller commits or discards.
  ///
  /// - Parameters:
  ///   - steps: the steps of the first round of groups, and of all without `control`.
  ///   - control: corrects the steps between rounds; its costs are errors if its slope is positive, else bytes.
  func pass(
    steps: SpectralSteps, control: PassControl?, tokens: [Int32]?, destination: any ByteDestination,
    progress: (Int) -> Void
  ) throws -> Pass {
    let writer = try FKVWriter(to: destination, key: key)
    if let tokens { try TokenSection.add(tokens, to: writer) }
    var control = control
    var errors: [[Double]]? = []
    var logScales = 0.0
    for round in control == nil ? [groups.indices] : PassControl.rounds(groups.count) {
      let scale = control?.scale ?? 1
      let scaled = scale == 1 ? steps : steps.scaled(by: scale)
      logScales += Double(round.count) * log(scale)
      try ParallelLoop.ordered(
        round.count, width: width,
        produce: { try encodeGroup(round.lowerBound + $0, steps: scaled) },
        consume: { offset, encoded in
          let group = groups[round.lowerBound + offset]
          try write(encoded, of: group, to: writer)
          if let slope = control?.slope {
            control?.add(slope > 0 ? encoded.errorSum : Double(encoded.byteCount), scale: scale)
          }
          if let measured = encoded.errors { errors?.append(contentsOf: measured) } else { errors = nil }
          progress(group.layers.upperBound)
        })
    }
    return Pass(
      writer: writer, start: steps,
      steps: logScales == 0 ? steps : steps.scaled(by: exp(logScales / Double(max(groups.count, 1)))),
      errors: errors.map { AttentionErrors(layers: $0) }, control: control)
  }

  private func write(_ encoded: EncodedGroup, of group: LayerGroup, to writer: FKVWriter) throws {
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
  }

  private struct EncodedGroup: Sendable {
    var coded: [SpectralGroupCoder.Encoded]
    /// One list a layer; nil without probe queries.
    var errors: [[Double]]?

    var errorSum: Double { (errors ?? []).joined().reduce(0, +) }
    var byteCount: Int { coded.reduce(0) { $0 + $1.byteCount } }
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
