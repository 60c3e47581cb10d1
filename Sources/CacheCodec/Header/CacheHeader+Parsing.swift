import FKVFormat
import Fidelity
import KVCacheModel

/// How large a cache a header may describe before it is refused (formats/fkv.md §6.3).
public struct GeometryLimits: Hashable, Sendable {
  /// Bytes of one layer's keys, or values, as 32-bit numbers.
  public var layerBytes = 8 << 30
  /// Bytes of the whole cache as 32-bit numbers.
  public var cacheBytes = 1 << 40

  public init() {}
}

extension CacheHeader {
  /// Layers that a header may describe.
  static let mostLayers = 65_536

  /// Reads the header record; token ids and probe queries are not in it.
  ///
  /// - Throws: `FormatError` where a field is missing or cannot be, `CodecError.unknownProfile`.
  public init(parsing record: RecordReader, limits: GeometryLimits = GeometryLimits()) throws {
    try self.init(parsing: record, limits: limits, profiles: .standard)
  }

  /// The same for a file of any profile of a table.
  package init(parsing record: RecordReader, limits: GeometryLimits, profiles: ProfileTable) throws {
    if record.has(BasisTag.marker) { throw CodecError.isBasisFile }
    try record.check(known: HeaderTag.known, repeated: HeaderTag.repeated)
    let code = try record.u16(HeaderTag.profile)
    guard let entry = profiles[code] else { throw CodecError.unknownProfile(Int(code)) }
    let profile = entry.profile
    let geometry = try Self.geometry(record, limits: limits)
    var ropes = try record.records(HeaderTag.rope).map(Self.rope)
    if ropes.isEmpty { ropes = [.none] }
    for layer in geometry.layers where !ropes.indices.contains(layer.ropeIndex) {
      throw record.invalid(
        HeaderTag.layers, found: "RoPE \(layer.ropeIndex)", legal: "0..<\(ropes.count), the RoPEs described")
    }
    for layer in geometry.layers where ropes[layer.ropeIndex].dimensions > layer.headDim {
      throw record.invalid(
        HeaderTag.rope, found: "\(ropes[layer.ropeIndex].dimensions) rotated dimensions",
        legal: "at most the head dimension \(layer.headDim)")
    }
    let scale = try record.f32(HeaderTag.attentionScale)
    guard scale.isFinite, scale > 0 else {
      throw record.invalid(HeaderTag.attentionScale, found: scale, legal: "a positive number")
    }
    let cap = try record.ifPresent(HeaderTag.attentionSoftcap, record.f32)
    if let cap, !(cap.isFinite && cap > 0) {
      throw record.invalid(HeaderTag.attentionSoftcap, found: cap, legal: "a positive number")
    }
    self.init(
      description: CacheDescription(
        model: try Self.model(record), geometry: geometry, ropes: ropes, tokens: nil,
        keyType: try Self.elementType(record, HeaderTag.keyType),
        valueType: try Self.elementType(record, HeaderTag.valueType), attentionScale: scale, attentionSoftcap: cap,
        provenance: try Self.provenance(record)),
      profile: profile, settings: try record.strings(HeaderTag.setting),
      writer: try record.ifPresent(HeaderTag.writer, record.string) ?? "",
      storedError: try Self.storedError(record, geometry: geometry),
      groupSizes: entry.codesGroups ? try Self.groupSizes(record, geometry: geometry) : [],
      basisHash: try Self.basisHash(record), basisBytes: try Self.basisBytes(record),
      spectralCoding: entry.codesGroups
        ? try record.ifPresent(HeaderTag.spectral, record.record).map(SpectralCoding.init(parsing:)) : nil)
  }

  private static func basisHash(_ record: RecordReader) throws -> String? {
    guard let hash = try record.ifPresent(HeaderTag.basisHash, record.string) else { return nil }
    guard hash.utf8.count == 16, hash.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
      throw record.invalid(
        HeaderTag.basisHash, found: "\(hash.utf8.count) bytes of text", legal: "16 digits of 0…9 and a…f")
    }
    return hash
  }

  private static func basisBytes(_ record: RecordReader) throws -> Int? {
    guard let bytes = try record.ifPresent(HeaderTag.basisBytes, record.u64) else { return nil }
    guard let count = Int(exactly: bytes) else {
      throw record.invalid(HeaderTag.basisBytes, found: bytes, legal: "below 2^63")
    }
    return count
  }

  static func model(_ record: RecordReader) throws -> ModelIdentity {
    let nested = try record.record(HeaderTag.model)
    try nested.check(known: HeaderTag.Model.known)
    return ModelIdentity(
      name: try nested.string(HeaderTag.Model.name), architecture: try nested.string(HeaderTag.Model.architecture),
      fingerprint: try nested.string(HeaderTag.Model.fingerprint))
  }

  private static func elementType(_ record: RecordReader, _ tag: FieldTag) throws -> ElementType {
    let code = try record.u8(tag)
    guard let type = ElementType(rawValue: code) else {
      throw record.invalid(tag, found: code, legal: "1 (F16), 2 (BF16) or 3 (F32)")
    }
    return type
  }

  private static func provenance(_ record: RecordReader) throws -> [String: String] {
    try record.strings(HeaderTag.provenance).reduce(into: [:]) { result, line in
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      result[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }
  }

  private static func geometry(_ record: RecordReader, limits: GeometryLimits) throws -> CacheGeometry {
    var layers: [LayerGeometry] = []
    var total = 0
    for run in try record.records(HeaderTag.layers) {
      try run.check(known: HeaderTag.Layers.known)
      let layer = try Self.layer(run, limits: limits)
      let count = Int(try run.u32(HeaderTag.Layers.count))
      guard count >= 1, count <= mostLayers - layers.count else {
        throw run.invalid(
          HeaderTag.Layers.count, found: count,
          legal: "1…\(mostLayers - layers.count), so that no cache has more than \(mostLayers) layers")
      }
      // Each factor is below 2^33 and 2^16, so the product fits.
      total += 2 * 4 * layer.elementCount * count
      guard total <= limits.cacheBytes else {
        throw run.invalid(
          HeaderTag.Layers.tokens, found: "a cache of \(total) bytes as 32-bit numbers",
          legal: "at most \(limits.cacheBytes), the limit")
      }
      layers += Array(repeating: layer, count: count)
    }
    guard !layers.isEmpty else { throw record.invalid(HeaderTag.layers, found: "no layer", legal: "one or more") }
    return CacheGeometry(layers: layers)
  }

  private static func layer(_ run: RecordReader, limits: GeometryLimits) throws -> LayerGeometry {
    func number(_ tag: FieldTag, _ legal: ClosedRange<Int>) throws -> Int {
      let value = Int(try run.u32(tag))
      guard legal.contains(value) else {
        throw run.invalid(tag, found: value, legal: "\(legal.lowerBound)…\(legal.upperBound)")
      }
      return value
    }
    let kvHeads = try number(HeaderTag.Layers.kvHeads, 1...65_536)
    let queryHeads = try number(HeaderTag.Layers.queryHeads, 1...65_536)
    guard queryHeads % kvHeads == 0 else {
      throw run.invalid(HeaderTag.Layers.queryHeads, found: queryHeads, legal: "a multiple of \(kvHeads) KV heads")
    }
    let headDim = try number(HeaderTag.Layers.headDim, 1...65_536)
    let tokens = try number(HeaderTag.Layers.tokens, 0...Int(Int32.max))
    let (elements, overflow) = (kvHeads * headDim).multipliedReportingOverflow(by: 4 * tokens)
    guard !overflow, elements <= limits.layerBytes else {
      throw run.invalid(
        HeaderTag.Layers.tokens, found: "\(tokens) tokens of \(kvHeads) × \(headDim) numbers",
        legal: "at most \(limits.layerBytes) bytes a layer as 32-bit numbers, the limit")
    }
    return LayerGeometry(
      kvHeads: kvHeads, queryHeads: queryHeads, headDim: headDim, tokens: tokens,
      firstPosition: try number(HeaderTag.Layers.firstPosition, 0...Int(Int32.max) - tokens),
      slidingWindow: try run.ifPresent(HeaderTag.Layers.slidingWindow) { try number($0, 1...Int(Int32.max)) },
      ropeIndex: try number(HeaderTag.Layers.ropeIndex, 0...65_535))
  }

  private static func rope(_ nested: RecordReader) throws -> RotaryEmbedding {
    try nested.check(known: HeaderTag.RoPE.known)
    let code = try nested.u8(HeaderTag.RoPE.pairing)
    guard let pairing = RotaryEmbedding.Pairing(rawValue: code) else {
      throw nested.invalid(HeaderTag.RoPE.pairing, found: code, legal: "0, 1 or 2")
    }
    let dimensions = Int(try nested.u32(HeaderTag.RoPE.dimensions))
    let frequencies = try nested.f64s(HeaderTag.RoPE.inverseFrequencies)
    guard dimensions == 2 * frequencies.count else {
      throw nested.invalid(
        HeaderTag.RoPE.dimensions, found: dimensions, legal: "twice the \(frequencies.count) frequencies")
    }
    guard frequencies.allSatisfy(\.isFinite) else {
      throw nested.invalid(HeaderTag.RoPE.inverseFrequencies, found: "a NaN or infinity", legal: "finite numbers")
    }
    let magnitude = try nested.f64(HeaderTag.RoPE.magnitude)
    guard magnitude.isFinite, magnitude > 0 else {
      throw nested.invalid(HeaderTag.RoPE.magnitude, found: magnitude, legal: "a positive number")
    }
    let base = try nested.f64(HeaderTag.RoPE.base)
    guard base.isFinite, base > 0 else {
      throw nested.invalid(HeaderTag.RoPE.base, found: base, legal: "a positive number")
    }
    return RotaryEmbedding(
      pairing: pairing, dimensions: dimensions, base: base,
      scaling: try nested.string(HeaderTag.RoPE.scaling), inverseFrequencies: frequencies, magnitude: magnitude)
  }

  private static func storedError(_ record: RecordReader, geometry: CacheGeometry) throws -> StoredError? {
    guard record.has(HeaderTag.storedError) else { return nil }
    let nested = try record.record(HeaderTag.storedError)
    try nested.check(known: HeaderTag.StoredErrors.known)
    let all = try nested.f32s(HeaderTag.StoredErrors.heads)
    let expected = geometry.layers.reduce(0) { $0 + $1.queryHeads }
    guard all.count == expected else {
      throw nested.invalid(
        HeaderTag.StoredErrors.heads, found: "\(all.count) errors", legal: "\(expected), one a query head")
    }
    var rest = all[...]
    let layers = geometry.layers.map { layer in
      defer { rest = rest.dropFirst(layer.queryHeads) }
      return rest.prefix(layer.queryHeads).map { Double($0) }
    }
    return StoredError(
      probeQueries: Int(try nested.u32(HeaderTag.StoredErrors.probeQueries)), errors: AttentionErrors(layers: layers))
  }

  private static func groupSizes(_ record: RecordReader, geometry: CacheGeometry) throws -> [Int] {
    let sizes = try record.u32s(HeaderTag.groupSizes).map { Int($0) }
    var layer = 0
    for size in sizes {
      guard size >= 1, size <= geometry.layers.count - layer else {
        throw record.invalid(
          HeaderTag.groupSizes, found: "a group of \(size) from layer \(layer)",
          legal: "groups that make up the \(geometry.layers.count) layers")
      }
      guard geometry.layers[layer..<layer + size].allSatisfy({ $0 == geometry.layers[layer] }) else {
        throw record.invalid(
          HeaderTag.groupSizes, found: "a group of \(size) from layer \(layer)", legal: "groups of layers of one shape")
      }
      let features = size * geometry.layers[layer].features
      guard features <= LayerGroup.mostFeatures else {
        throw record.invalid(
          HeaderTag.groupSizes, found: "a group of \(features) features",
          legal: "groups of \(LayerGroup.mostFeatures) features at most")
      }
      layer += size
    }
    guard layer == geometry.layers.count else {
      throw record.invalid(
        HeaderTag.groupSizes, found: "groups of \(layer) layers", legal: "\(geometry.layers.count), all layers")
    }
    return sizes
  }
}
