// Every getter throws `FormatError.missingField` if the field is absent, `.duplicateField` if it occurs more than
// once, and `.fieldSize` if its length is not the type's, or for lists no multiple of the element's.

extension RecordReader {
  /// The value that `read` gives for the field, or nil if the field is absent:
  /// `try header.ifPresent(.dropped, header.u32)`.
  public func ifPresent<Value>(_ tag: FieldTag, _ read: (FieldTag) throws -> Value) rethrows -> Value? {
    has(tag) ? try read(tag) : nil
  }

  /// The field as a boolean; any byte but 0 and 1 throws `FormatError.fieldValue`.
  public func bool(_ tag: FieldTag) throws -> Bool {
    let value = try u8(tag)
    guard value <= 1 else { throw invalid(tag, found: value, legal: "0 or 1") }
    return value == 1
  }

  /// The field as an integer of 1 byte.
  public func u8(_ tag: FieldTag) throws -> UInt8 { try integer(tag) }

  /// The field as an integer of 2 bytes.
  public func u16(_ tag: FieldTag) throws -> UInt16 { try integer(tag) }

  /// The field as an integer of 4 bytes.
  public func u32(_ tag: FieldTag) throws -> UInt32 { try integer(tag) }

  /// The field as an integer of 8 bytes.
  public func u64(_ tag: FieldTag) throws -> UInt64 { try integer(tag) }

  /// The field as a signed integer of 4 bytes.
  public func i32(_ tag: FieldTag) throws -> Int32 { try integer(tag) }

  /// The field as a binary32; any bit pattern is let through, NaN too.
  public func f32(_ tag: FieldTag) throws -> Float { Float(bitPattern: try integer(tag)) }

  /// The field as a binary64; any bit pattern is let through, NaN too.
  public func f64(_ tag: FieldTag) throws -> Double { Double(bitPattern: try integer(tag)) }

  /// The field as integers of 4 bytes each.
  public func u32s(_ tag: FieldTag) throws -> [UInt32] { try integers(tag) }

  /// The field as signed integers of 4 bytes each.
  public func i32s(_ tag: FieldTag) throws -> [Int32] { try integers(tag) }

  /// The field as binary32 numbers.
  public func f32s(_ tag: FieldTag) throws -> [Float] {
    try integers(tag, as: UInt32.self).map(Float.init(bitPattern:))
  }

  /// The field as binary64 numbers.
  public func f64s(_ tag: FieldTag) throws -> [Double] {
    try integers(tag, as: UInt64.self).map(Double.init(bitPattern:))
  }

  /// The field's bytes as they are.
  public func bytes(_ tag: FieldTag) throws -> [UInt8] { Array(storage[try single(tag).range]) }

  /// The field as UTF-8 text; other bytes throw `FormatError.invalidText`.
  public func string(_ tag: FieldTag) throws -> String { try text(single(tag)) }

  /// The texts of a field that may occur any number of times, in file order.
  public func strings(_ tag: FieldTag) throws -> [String] { try matches(tag).map(text) }

  /// The field as a record; throws what `init(parsing:name:offset:)` throws.
  public func record(_ tag: FieldTag) throws -> RecordReader { try nested(single(tag)) }

  /// The records of a field that may occur any number of times, in file order.
  public func records(_ tag: FieldTag) throws -> [RecordReader] { try matches(tag).map(nested) }

  private func integer<Value: FixedWidthInteger>(_ tag: FieldTag) throws -> Value {
    let field = try single(tag)
    let size = MemoryLayout<Value>.size
    guard field.range.count == size else { throw wrongSize(field, unit: size) }
    return storage.integer(at: field.range.lowerBound)
  }

  private func integers<Value: FixedWidthInteger>(_ tag: FieldTag, as type: Value.Type = Value.self) throws -> [Value] {
    let field = try single(tag)
    let size = MemoryLayout<Value>.size
    guard field.range.count.isMultiple(of: size) else { throw wrongSize(field, unit: size) }
    return stride(from: field.range.lowerBound, to: field.range.upperBound, by: size).map {
      storage.integer(at: $0)
    }
  }

  private func text(_ field: Field) throws -> String {
    guard let text = String(validating: storage[field.range], as: UTF8.self) else {
      throw FormatError.invalidText(record: name, tag: field.tag, offset: offset(of: field))
    }
    return text
  }

  private func nested(_ field: Field) throws -> RecordReader {
    try RecordReader(storage: storage, range: field.range, name: "\(name)/\(field.tag)", base: base)
  }

  private func wrongSize(_ field: Field, unit: Int) -> FormatError {
    .fieldSize(record: name, tag: field.tag, offset: offset(of: field), bytes: field.range.count, unit: unit)
  }
}
