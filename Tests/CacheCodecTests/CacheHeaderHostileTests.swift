import FKVFormat
import KVCacheModel
import Testing

@testable import CacheCodec

@Suite struct CacheHeaderHostileTests {
  /// The numbers of one run of layers, as a file has them.
  struct Layers: Sendable {
    var count: UInt32 = 1
    var kvHeads: UInt32 = 2
    var queryHeads: UInt32 = 4
    var headDim: UInt32 = 8
    var tokens: UInt32 = 10
    var first: UInt32 = 0
    var window: UInt32?
    var rope: UInt32 = 0

    var record: RecordWriter {
      var record = RecordWriter()
      for (tag, value) in [count, kvHeads, queryHeads, headDim, tokens, first].enumerated() {
        record.u32(FieldTag(rawValue: UInt16(tag + 1)), value)
      }
      if let window { record.u32(HeaderTag.Layers.slidingWindow, window) }
      record.u32(HeaderTag.Layers.ropeIndex, rope)
      return record
    }
  }

  private static func rope(
    pairing: UInt8 = 1, dimensions: UInt32 = 4, base: Double = 1e4, frequencies: [Double] = [1, 0.5],
    magnitude: Double = 1
  ) -> RecordWriter {
    var record = RecordWriter()
    record.u8(HeaderTag.RoPE.pairing, pairing)
    record.u32(HeaderTag.RoPE.dimensions, dimensions)
    record.f64(HeaderTag.RoPE.base, base)
    record.string(HeaderTag.RoPE.scaling, "none")
    record.f64s(HeaderTag.RoPE.inverseFrequencies, frequencies)
    record.f64(HeaderTag.RoPE.magnitude, magnitude)
    return record
  }

  private static func parse(
    profile: UInt16 = 1, layers: [Layers] = [Layers()], ropes: [RecordWriter] = [rope()], keyType: UInt8 = 1,
    scale: Float = 0.5, softcap: Float? = nil, errors: [Float]? = nil, limits: GeometryLimits = GeometryLimits()
  ) throws -> CacheHeader {
    var model = RecordWriter()
    for tag: FieldTag in [1, 2, 3] { model.string(tag, "m") }
    var record = RecordWriter()
    record.u16(HeaderTag.profile, profile)
    record.record(HeaderTag.model, model)
    for run in layers { record.record(HeaderTag.layers, run.record, repeated: true) }
    for rope in ropes { record.record(HeaderTag.rope, rope, repeated: true) }
    record.u8(HeaderTag.keyType, keyType)
    record.u8(HeaderTag.valueType, 1)
    record.f32(HeaderTag.attentionScale, scale)
    if let softcap { record.f32(HeaderTag.attentionSoftcap, softcap) }
    if let errors {
      var nested = RecordWriter()
      nested.u32(HeaderTag.StoredErrors.probeQueries, 1)
      nested.f32s(HeaderTag.StoredErrors.heads, errors)
      record.record(HeaderTag.storedError, nested)
    }
    return try CacheHeader(parsing: RecordReader(parsing: record.encoded, name: "header"), limits: limits)
  }

  /// Expects a `fieldValue` error with these facts; where it lies in the record is `FKVFormat`'s business.
  private static func expectRefusal(
    _ record: String, _ tag: FieldTag, _ found: String, _ legal: String, _ location: SourceLocation = #_sourceLocation,
    _ body: () throws -> CacheHeader
  ) {
    let error = #expect(throws: FormatError.self, sourceLocation: location) { _ = try body() }
    guard let error else { return }
    guard case .fieldValue(let where_, let at, _, let value, let allowed) = error else {
      Issue.record(error, sourceLocation: location)
      return
    }
    #expect(
      where_ == record && at == tag && value == found && allowed == legal, "\(error)", sourceLocation: location)
  }

  @Test func theRecordItselfIsGood() throws {
    let header = try Self.parse(errors: [0, 0, 0, 0])
    #expect(header.description.geometry.layers.count == 1 && header.storedError?.probeQueries == 1)
    #expect(try Self.parse(layers: [Layers(tokens: 0)]).description.geometry.tokens == 0)
  }

  @Test(arguments: [0, 4, 77] as [UInt16]) func unknownProfiles(code: UInt16) {
    #expect(throws: CodecError.unknownProfile(Int(code))) { try Self.parse(profile: code) }
  }

  @Test func layerFields() {
    let place = "header/0x0020"
    let dimension = "1…65536"
    func refused(_ tag: FieldTag, _ found: String, _ legal: String, _ layers: Layers) {
      Self.expectRefusal(place, tag, found, legal) { try Self.parse(layers: [layers]) }
    }
    refused(HeaderTag.Layers.kvHeads, "0", dimension, Layers(kvHeads: 0))
    refused(HeaderTag.Layers.kvHeads, "65537", dimension, Layers(kvHeads: 65_537))
    refused(HeaderTag.Layers.queryHeads, "0", dimension, Layers(queryHeads: 0))
    refused(HeaderTag.Layers.queryHeads, "5", "a multiple of 2 KV heads", Layers(queryHeads: 5))
    refused(HeaderTag.Layers.headDim, "0", dimension, Layers(headDim: 0))
    refused(HeaderTag.Layers.headDim, "4294967295", dimension, Layers(headDim: .max))
    refused(HeaderTag.Layers.tokens, "2147483648", "0…2147483647", Layers(tokens: 1 << 31))
    refused(HeaderTag.Layers.firstPosition, "2147483638", "0…2147483637", Layers(first: UInt32(Int32.max) - 9))
    refused(HeaderTag.Layers.slidingWindow, "0", "1…2147483647", Layers(window: 0))
    refused(HeaderTag.Layers.ropeIndex, "65536", "0…65535", Layers(rope: 65_536))
    refused(
      HeaderTag.Layers.count, "0", "1…65536, so that no cache has more than 65536 layers", Layers(count: 0))
    Self.expectRefusal(
      place, HeaderTag.Layers.count, "2", "1…1, so that no cache has more than 65536 layers"
    ) { try Self.parse(layers: [Layers(count: 65_535), Layers(count: 2)]) }
    Self.expectRefusal("header", HeaderTag.layers, "no layer", "one or more") { try Self.parse(layers: []) }
  }

  /// Heads × dimensions × tokens past every integer, and just past the limits.
  @Test func sizes() {
    let most = "at most 8589934592 bytes a layer as 32-bit numbers, the limit"
    Self.expectRefusal(
      "header/0x0020", HeaderTag.Layers.tokens, "2147483647 tokens of 65536 × 65536 numbers", most
    ) {
      try Self.parse(
        layers: [Layers(kvHeads: 65_536, queryHeads: 65_536, headDim: 65_536, tokens: UInt32(Int32.max))])
    }
    var limits = GeometryLimits()
    limits.layerBytes = 4 * 2 * 8 * 10
    #expect(throws: Never.self) { try Self.parse(limits: limits) }
    limits.layerBytes -= 1
    Self.expectRefusal(
      "header/0x0020", HeaderTag.Layers.tokens, "10 tokens of 2 × 8 numbers",
      "at most 639 bytes a layer as 32-bit numbers, the limit"
    ) { try Self.parse(limits: limits) }
    limits = GeometryLimits()
    limits.cacheBytes = 3 * 2 * 640
    #expect(throws: Never.self) { try Self.parse(layers: [Layers(count: 3)], limits: limits) }
    Self.expectRefusal(
      "header/0x0020", HeaderTag.Layers.tokens, "a cache of 5120 bytes as 32-bit numbers", "at most 3840, the limit"
    ) { try Self.parse(layers: [Layers(), Layers(count: 3)], limits: limits) }
  }

  @Test func ropes() {
    let place = "header/0x0021"
    func refused(_ tag: FieldTag, _ found: String, _ legal: String, _ rope: RecordWriter) {
      Self.expectRefusal(place, tag, found, legal) { try Self.parse(ropes: [rope]) }
    }
    refused(HeaderTag.RoPE.pairing, "3", "0, 1 or 2", Self.rope(pairing: 3))
    refused(HeaderTag.RoPE.dimensions, "3", "twice the 2 frequencies", Self.rope(dimensions: 3))
    refused(
      HeaderTag.RoPE.inverseFrequencies, "a NaN or infinity", "finite numbers", Self.rope(frequencies: [1, .nan]))
    refused(HeaderTag.RoPE.magnitude, "0.0", "a positive number", Self.rope(magnitude: 0))
    refused(HeaderTag.RoPE.magnitude, "inf", "a positive number", Self.rope(magnitude: .infinity))
    refused(HeaderTag.RoPE.base, "nan", "a positive number", Self.rope(base: .nan))
    Self.expectRefusal("header", HeaderTag.rope, "10 rotated dimensions", "at most the head dimension 8") {
      try Self.parse(ropes: [Self.rope(dimensions: 10, frequencies: [1, 1, 1, 1, 1])])
    }
    Self.expectRefusal("header", HeaderTag.layers, "RoPE 1", "0..<1, the RoPEs described") {
      try Self.parse(layers: [Layers(rope: 1)])
    }
  }

  @Test func typesAndScales() {
    Self.expectRefusal("header", HeaderTag.keyType, "4", "1 (F16), 2 (BF16) or 3 (F32)") { try Self.parse(keyType: 4) }
    for (scale, found) in [(Float.nan, "nan"), (.infinity, "inf"), (0, "0.0"), (-1, "-1.0")] {
      Self.expectRefusal("header", HeaderTag.attentionScale, found, "a positive number") {
        try Self.parse(scale: scale)
      }
      Self.expectRefusal("header", HeaderTag.attentionSoftcap, found, "a positive number") {
        try Self.parse(softcap: scale)
      }
    }
    Self.expectRefusal("header/0x0030", HeaderTag.StoredErrors.heads, "3 errors", "4, one a query head") {
      try Self.parse(errors: [0, 0, 0])
    }
  }
}
