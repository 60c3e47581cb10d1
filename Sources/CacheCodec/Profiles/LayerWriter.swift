import ComputeKernels
import FKVFormat
import Fidelity
import KVCacheModel

/// A profile that codes each layer by itself, keys and values in a section of their own.
package protocol LayerWriter: ProfileWriter {
  /// A layer's keys or values, coded, and what they decode to; nil for the tensor itself.
  func encode(
    _ tensor: CacheTensor, _ kind: CacheKind, layer: Int, of layers: Int
  ) throws -> (payload: [UInt8], restored: CacheTensor?)

  /// The kind of the sections.
  func section(_ kind: CacheKind) -> SectionKind
}

/// A layer's sections, and what they cost.
private struct EncodedLayer: Sendable {
  var payloads: [(CacheKind, [UInt8])] = []
  /// One a query head; nil without probe queries.
  var errors: [Double]?
}

extension LayerWriter {
  package func write(_ job: WritingJob, progress: (Int) -> Void) throws -> WrittenSections {
    let (file, description) = (try job.begin(), job.description)
    let source = job.source
    var errors: [[Double]]? = []
    try ParallelLoop.ordered(
      description.geometry.layers.count, width: job.width,
      produce: { try encodeLayer($0, of: source) },
      consume: { layer, encoded in
        let shape = description.geometry.layers[layer]
        for (kind, payload) in encoded.payloads {
          try file.add(
            section(kind), layer: layer, tokens: 0..<shape.tokens, flags: .required,
            rawBytes: shape.elementCount * description.elementType(of: kind).byteCount, payload: payload)
        }
        if let measured = encoded.errors { errors?.append(measured) } else { errors = nil }
        progress(layer + 1)
      })
    let measured = errors.flatMap { $0.isEmpty ? nil : AttentionErrors(layers: $0) }
    return WrittenSections(file: file, header: job.header(profile, settings: settings, errors: measured))
  }

  private func encodeLayer(_ layer: Int, of source: any CacheSource) throws -> EncodedLayer {
    let shape = source.description.geometry.layers[layer]
    let layers = source.description.geometry.layers.count
    var encoded = EncodedLayer()
    var originals: [CacheTensor] = []
    var restored: [CacheTensor?] = []
    for kind in CacheKind.allCases {
      let tensor = try source.tensor(kind, layer: layer)
      originals.append(tensor)
      guard shape.elementCount > 0 else {
        restored.append(nil)
        continue
      }
      let result = try encode(tensor, kind, layer: layer, of: layers)
      encoded.payloads.append((kind, result.payload))
      restored.append(result.restored)
    }
    guard let queries = try source.probeQueries(layer: layer) else { return encoded }
    guard restored.contains(where: { $0 != nil }) else {
      encoded.errors = Array(repeating: 0, count: shape.queryHeads)
      return encoded
    }
    let problem = AttentionProblem(
      layer: shape, queries: queries, scale: source.description.attentionScale,
      softcap: source.description.attentionSoftcap)
    let decoded = zip(originals, restored).map { $1 ?? $0 }
    encoded.errors = AttentionErrors.ofHeads(
      reference: try ReferenceAttention.outputs(problem, keys: originals[0].floats(), values: originals[1].floats()),
      restored: try ReferenceAttention.outputs(problem, keys: decoded[0].floats(), values: decoded[1].floats()),
      heads: shape.queryHeads)
    return encoded
  }
}
