/// Builds a record: fields of a tag and a value, put in rising order of their tags (formats/fkv.md §5).
///
/// A tag may be given once; `string`, `bytes` and `record` take `repeated: true` for fields that may occur often,
/// which keep the order of the calls. `required: true` makes a reader that does not know the field refuse the record.
/// Values of 2³² bytes and more trap. More fields than `FormatLimits.fields` are refused where the record is written: what
/// a file holds may come from another one, which held as many as it may.
public struct RecordWriter: Sendable {
  private struct Field {
    var tag: FieldTag
    var flags: UInt16
    var payload: [UInt8]
  }

  private var fields: [Field] = []
  /// The tags given so far, and whether they may be given again.
  private var given: [FieldTag: Bool] = [:]

  public init() {}

  /// Fields given so far.
  var count: Int { fields.count }

  /// The record's bytes.
  public var encoded: [UInt8] {
    // Sorting by (tag, position) keeps repeated fields in the order of the calls.
    let order = fields.indices.sorted { (fields[$0].tag.rawValue, $0) < (fields[$1].tag.rawValue, $1) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(fields.reduce(0) { $0 + Layout.fieldHeadBytes + $1.payload.count })
    for index in order {
      let field = fields[index]
      bytes.append(integer: field.tag.rawValue)
      bytes.append(integer: field.flags)
      bytes.append(integer: UInt32(field.payload.count))
      bytes.append(contentsOf: field.payload)
    }
    return bytes
  }

  /// Adds a field of any bytes.
  public mutating func bytes(_ tag: FieldTag, _ value: [UInt8], required: Bool = false, repeated: Bool = false) {
    precondition(value.count <= Int(UInt32.max), "a field takes less than 2^32 bytes")
    precondition(given[tag] == nil || given[tag] == true && repeated, "field \(tag) was given before")
    given[tag] = repeated
    fields.append(Field(tag: tag, flags: required ? FieldFlags.required : 0, payload: value))
  }
}

extension RecordWriter {
  /// Adds a boolean as one byte, 0 or 1.
  public mutating func bool(_ tag: FieldTag, _ value: Bool, required: Bool = false) {
    u8(tag, value ? 1 : 0, required: required)
  }

  /// Adds an integer of 1 byte.
  public mutating func u8(_ tag: FieldTag, _ value: UInt8, required: Bool = false) {
    integers(tag, [value], required)
  }

  /// Adds an integer of 2 bytes.
  public mutating func u16(_ tag: FieldTag, _ value: UInt16, required: Bool = false) {
    integers(tag, [value], required)
  }

  /// Adds an integer of 4 bytes.
  public mutating func u32(_ tag: FieldTag, _ value: UInt32, required: Bool = false) {
    integers(tag, [value], required)
  }

  /// Adds an integer of 8 bytes.
  public mutating func u64(_ tag: FieldTag, _ value: UInt64, required: Bool = false) {
    integers(tag, [value], required)
  }

  /// Adds a signed integer of 4 bytes, two's complement.
  public mutating func i32(_ tag: FieldTag, _ value: Int32, required: Bool = false) {
    integers(tag, [value], required)
  }

  /// Adds an IEEE 754 binary32, bit for bit.
  public mutating func f32(_ tag: FieldTag, _ value: Float, required: Bool = false) {
    integers(tag, [value.bitPattern], required)
  }

  /// Adds an IEEE 754 binary64, bit for bit.
  public mutating func f64(_ tag: FieldTag, _ value: Double, required: Bool = false) {
    integers(tag, [value.bitPattern], required)
  }

  /// Adds integers of 4 bytes each, without a count: the field's length gives it.
  public mutating func u32s(_ tag: FieldTag, _ values: [UInt32], required: Bool = false) {
    integers(tag, values, required)
  }

  /// Adds signed integers of 4 bytes each.
  public mutating func i32s(_ tag: FieldTag, _ values: [Int32], required: Bool = false) {
    integers(tag, values, required)
  }

  /// Adds binary32 numbers, bit for bit.
  public mutating func f32s(_ tag: FieldTag, _ values: [Float], required: Bool = false) {
    integers(tag, values.map(\.bitPattern), required)
  }

  /// Adds binary64 numbers, bit for bit.
  public mutating func f64s(_ tag: FieldTag, _ values: [Double], required: Bool = false) {
    integers(tag, values.map(\.bitPattern), required)
  }

  /// Adds a text as UTF-8, without a terminator.
  public mutating func string(_ tag: FieldTag, _ value: String, required: Bool = false, repeated: Bool = false) {
    bytes(tag, Array(value.utf8), required: required, repeated: repeated)
  }

  /// Adds a record within this one.
  public mutating func record(
    _ tag: FieldTag, _ value: RecordWriter, required: Bool = false, repeated: Bool = false
  ) {
    bytes(tag, value.encoded, required: required, repeated: repeated)
  }

  private mutating func integers<Value: FixedWidthInteger>(_ tag: FieldTag, _ values: [Value], _ required: Bool) {
    var payload: [UInt8] = []
    payload.reserveCapacity(values.count * MemoryLayout<Value>.size)
    for value in values { payload.append(integer: value) }
    bytes(tag, payload, required: required)
  }
}
