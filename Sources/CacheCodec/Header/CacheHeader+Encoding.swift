import FKVFormat
import KVCacheModel

extension CacheHeader {
  /// The header as a record.
  public var record: RecordWriter {
    var record = RecordWriter()
    record.u16(HeaderTag.profile, profile.rawValue, required: true)
    for setting in settings { record.string(HeaderTag.setting, setting, repeated: true) }
    record.string(HeaderTag.writer, writer)
    record.record(HeaderTag.model, Self.record(description.model))
    for run in Self.runs(description.geometry.layers) {
      record.record(HeaderTag.layers, Self.record(run.layer, count: run.count), required: true, repeated: true)
    }
    for rope in description.ropes { record.record(HeaderTag.rope, Self.record(rope), repeated: true) }
    record.u8(HeaderTag.keyType, description.keyType.rawValue, required: true)
    record.u8(HeaderTag.valueType, description.valueType.rawValue, required: true)
    record.f32(HeaderTag.attentionScale, description.attentionScale)
    if let cap = description.attentionSoftcap { record.f32(HeaderTag.attentionSoftcap, cap) }
    if let storedError {
      var nested = RecordWriter()
      nested.u32(HeaderTag.StoredErrors.probeQueries, UInt32(storedError.probeQueries))
      nested.f32s(HeaderTag.StoredErrors.heads, storedError.errors.layers.joined().map { Float($0) })
      record.record(HeaderTag.storedError, nested)
    }
    for (key, value) in description.provenance.sorted(by: { $0.key < $1.key }) {
      record.string(HeaderTag.provenance, "\(key)=\(value)", repeated: true)
    }
    if !groupSizes.isEmpty {
      record.u32s(HeaderTag.groupSizes, groupSizes.map { UInt32($0) }, required: true)
    }
    if let basisHash { record.string(HeaderTag.basisHash, basisHash, required: true) }
    if let basisBytes { record.u64(HeaderTag.basisBytes, UInt64(basisBytes)) }
    if let spectralCoding { record.record(HeaderTag.spectral, spectralCoding.record) }
    return record
  }

  /// Equal layers that follow each other, counted.
  static func runs(_ layers: [LayerGeometry]) -> [(layer: LayerGeometry, count: Int)] {
    layers.reduce(into: []) { runs, layer in
      if let last = runs.last, last.layer == layer { runs[runs.count - 1].count += 1 } else { runs.append((layer, 1)) }
    }
  }

  static func record(_ model: ModelIdentity) -> RecordWriter {
    var record = RecordWriter()
    record.string(HeaderTag.Model.name, model.name)
    record.string(HeaderTag.Model.architecture, model.architecture)
    record.string(HeaderTag.Model.fingerprint, model.fingerprint)
    return record
  }

  private static func record(_ layer: LayerGeometry, count: Int) -> RecordWriter {
    var record = RecordWriter()
    record.u32(HeaderTag.Layers.count, UInt32(count))
    record.u32(HeaderTag.Layers.kvHeads, UInt32(layer.kvHeads))
    record.u32(HeaderTag.Layers.queryHeads, UInt32(layer.queryHeads))
    record.u32(HeaderTag.Layers.headDim, UInt32(layer.headDim))
    record.u32(HeaderTag.Layers.tokens, UInt32(layer.tokens))
    record.u32(HeaderTag.Layers.firstPosition, UInt32(layer.firstPosition))
    if let window = layer.slidingWindow { record.u32(HeaderTag.Layers.slidingWindow, UInt32(window)) }
    record.u32(HeaderTag.Layers.ropeIndex, UInt32(layer.ropeIndex))
    return record
  }

  private static func record(_ rope: RotaryEmbedding) -> RecordWriter {
    var record = RecordWriter()
    record.u8(HeaderTag.RoPE.pairing, rope.pairing.rawValue)
    record.u32(HeaderTag.RoPE.dimensions, UInt32(rope.dimensions))
    record.f64(HeaderTag.RoPE.base, rope.base)
    record.string(HeaderTag.RoPE.scaling, rope.scaling)
    record.f64s(HeaderTag.RoPE.inverseFrequencies, rope.inverseFrequencies)
    record.f64(HeaderTag.RoPE.magnitude, rope.magnitude)
    return record
  }
}
