import FKVFormat
import KVCacheModel

/// The tags of a basis file's header record (formats/fkv.md §14.1). `setting`, `writer` and `model` are those of §6.
enum BasisTag {
  static let setting = HeaderTag.setting
  static let writer = HeaderTag.writer
  static let model = HeaderTag.model
  static let marker: FieldTag = 0x0060
  static let group: FieldTag = 0x0061
  static let text: FieldTag = 0x0062

  static let known: Set<FieldTag> = [setting, writer, model, marker, group, text]
  static let repeated: Set<FieldTag> = [setting, group, text]

  enum Group {
    static let layers: FieldTag = 1
    static let kvHeads: FieldTag = 2
    static let headDim: FieldTag = 3

    static let known: Set<FieldTag> = [layers, kvHeads, headDim]
  }

  enum Text {
    static let name: FieldTag = 1
    static let tokens: FieldTag = 2

    static let known: Set<FieldTag> = [name, tokens]
  }
}

/// What the header of a basis file says (formats/fkv.md §14.1).
struct BasisHeader: Equatable, Sendable {
  var model: ModelIdentity
  /// T of the shapes is 0, and H·G is H.
  var groups: [LayerGroup]
  var calibration: ModelBasis.Calibration

  /// The value of the marker, which a later version raises if old readers would take the file for something else.
  static let version: UInt16 = 1

  init(_ basis: ModelBasis) {
    model = basis.model
    groups = basis.groups
    calibration = basis.calibration
  }

  /// The header as a record.
  var record: RecordWriter {
    var record = RecordWriter()
    record.u16(BasisTag.marker, Self.version, required: true)
    for setting in calibration.settings { record.string(BasisTag.setting, setting, repeated: true) }
    record.string(BasisTag.writer, calibration.writer)
    record.record(BasisTag.model, CacheHeader.record(model), required: true)
    for group in groups {
      var nested = RecordWriter()
      nested.u32(BasisTag.Group.layers, UInt32(group.count))
      nested.u32(BasisTag.Group.kvHeads, UInt32(group.shape.kvHeads))
      nested.u32(BasisTag.Group.headDim, UInt32(group.shape.headDim))
      record.record(BasisTag.group, nested, required: true, repeated: true)
    }
    for text in calibration.texts {
      var nested = RecordWriter()
      nested.string(BasisTag.Text.name, text.name)
      nested.u32(BasisTag.Text.tokens, UInt32(text.tokens))
      record.record(BasisTag.text, nested, repeated: true)
    }
    return record
  }

  /// Reads the header record.
  ///
  /// - Throws: `CodecError.notBasisFile` for the header of a cache, `FormatError` where a field is missing or cannot be.
  init(parsing record: RecordReader) throws {
    guard record.has(BasisTag.marker) else { throw CodecError.notBasisFile }
    try record.check(known: BasisTag.known, repeated: BasisTag.repeated)
    let version = try record.u16(BasisTag.marker)
    guard version == Self.version else { throw record.invalid(BasisTag.marker, found: version, legal: "1") }
    model = try CacheHeader.model(record)
    groups = []
    var layers = 0
    for nested in try record.records(BasisTag.group) {
      let group = try Self.group(nested, firstLayer: layers)
      groups.append(group)
      layers += group.count
    }
    guard !groups.isEmpty else { throw record.invalid(BasisTag.group, found: "no group", legal: "one or more") }
    calibration = ModelBasis.Calibration(
      texts: try record.records(BasisTag.text).map { nested in
        try nested.check(known: BasisTag.Text.known)
        return ModelBasis.Calibration.Text(
          name: try nested.string(BasisTag.Text.name), tokens: Int(try nested.u32(BasisTag.Text.tokens)))
      },
      settings: try record.strings(BasisTag.setting),
      writer: try record.ifPresent(BasisTag.writer, record.string) ?? "")
  }

  private static func group(_ nested: RecordReader, firstLayer: Int) throws -> LayerGroup {
    try nested.check(known: BasisTag.Group.known)
    func number(_ tag: FieldTag, most: Int, _ reason: String) throws -> Int {
      let value = Int(try nested.u32(tag))
      guard value >= 1, value <= most else { throw nested.invalid(tag, found: value, legal: "1…\(most), \(reason)") }
      return value
    }
    let most = ModelBasisFile.mostFeatures
    let layers = try number(
      BasisTag.Group.layers, most: min(most, CacheHeader.mostLayers - firstLayer),
      "so that there are at most \(CacheHeader.mostLayers) layers")
    let reason = "so that a group has at most \(most) features"
    let kvHeads = try number(BasisTag.Group.kvHeads, most: most / layers, reason)
    let headDim = try number(BasisTag.Group.headDim, most: most / (layers * kvHeads), reason)
    return LayerGroup(
      firstLayer: firstLayer, count: layers,
      shape: LayerGeometry(kvHeads: kvHeads, queryHeads: kvHeads, headDim: headDim, tokens: 0))
  }
}
