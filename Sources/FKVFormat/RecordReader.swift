/// A record from a file: its fields by tag (formats/fkv.md §5).
///
/// Reading it takes three steps: the initialiser checks the structure; the getters check presence, length and content
/// of one field each; `check(known:repeated:)` refuses what the reader does not know but must.
public struct RecordReader: Sendable {
  struct Field: Sendable {
    let tag: FieldTag
    let flags: UInt16
    /// Where the payload lies in `storage`.
    let range: Range<Int>
  }

  /// What the record is called in errors: `header`, `header/0x0010`.
  public let name: String
  let storage: [UInt8]
  let range: Range<Int>
  /// What is added to an index of `storage` for errors.
  let base: Int
  let fields: [Field]

  /// Reads the structure of a record that fills `bytes`.
  ///
  /// - Parameters:
  ///   - name: what errors call the record.
  ///   - offset: where the record starts, for errors.
  /// - Throws: `FormatError` if a field is cut off, tags fall, reserved flags are set, or there are too many fields.
  public init(parsing bytes: [UInt8], name: String, offset: Int = 0) throws {
    try self.init(storage: bytes, range: 0..<bytes.count, name: name, base: offset)
  }

  init(storage: [UInt8], range: Range<Int>, name: String, base: Int) throws {
    self.storage = storage
    self.range = range
    self.name = name
    self.base = base
    var fields: [Field] = []
    var position = range.lowerBound
    while position < range.upperBound {
      let field = try Self.field(
        at: position, previous: fields.last, storage: storage, end: range.upperBound, name: name, base: base)
      guard fields.count < FormatLimits.fields else {
        throw FormatError.tooManyFields(
          record: name, offset: base + range.lowerBound,
          count: fields.count + Self.count(in: storage, position..<range.upperBound), limit: FormatLimits.fields)
      }
      fields.append(field)
      position = field.range.upperBound
    }
    self.fields = fields
  }

  /// How many fields lie in `range` one after the other, up to its end or the first that is cut off.
  private static func count(in storage: [UInt8], _ range: Range<Int>) -> Int {
    var (count, position) = (0, range.lowerBound)
    while range.upperBound - position >= Layout.fieldHeadBytes {
      let bytes = Layout.fieldHeadBytes + Int(storage.integer(at: position + 4, as: UInt32.self))
      guard bytes <= range.upperBound - position else { break }
      position += bytes
      count += 1
    }
    return count
  }

  private static func field(
    at position: Int, previous: Field?, storage: [UInt8], end: Int, name: String, base: Int
  ) throws -> Field {
    let remaining = end - position
    guard remaining >= Layout.fieldHeadBytes else {
      throw FormatError.fieldTruncated(
        record: name, offset: base + position, needed: Layout.fieldHeadBytes, remaining: remaining)
    }
    let tag = FieldTag(rawValue: storage.integer(at: position))
    let flags: UInt16 = storage.integer(at: position + 2)
    let count = Int(storage.integer(at: position + 4, as: UInt32.self))
    guard count <= remaining - Layout.fieldHeadBytes else {
      throw FormatError.fieldTruncated(
        record: name, offset: base + position, needed: Layout.fieldHeadBytes + count, remaining: remaining)
    }
    guard flags & FieldFlags.reserved == 0 else {
      throw FormatError.reservedFieldFlags(record: name, tag: tag, offset: base + position, found: flags)
    }
    if let previous, previous.tag.rawValue > tag.rawValue {
      throw FormatError.fieldOrder(record: name, tag: tag, offset: base + position, previous: previous.tag)
    }
    let start = position + Layout.fieldHeadBytes
    return Field(tag: tag, flags: flags, range: start..<start + count)
  }

  /// The tags in the record, rising, each once.
  public var tags: [FieldTag] {
    fields.indices.filter { $0 == 0 || fields[$0 - 1].tag != fields[$0].tag }.map { fields[$0].tag }
  }

  /// Whether the record has a field of that tag.
  public func has(_ tag: FieldTag) -> Bool { !matches(tag).isEmpty }

  /// Refuses what this reader must not pass over.
  ///
  /// - Parameters:
  ///   - known: the tags that the caller understands. Others are skipped unless the file marks them as required.
  ///   - repeated: those of `known` that may occur more than once.
  /// - Throws: `FormatError.unknownRequiredField`, `FormatError.duplicateField`.
  public func check(known: Set<FieldTag>, repeated: Set<FieldTag> = []) throws {
    for (index, field) in fields.enumerated() {
      if !known.contains(field.tag) {
        guard field.flags & FieldFlags.required == 0 else {
          throw FormatError.unknownRequiredField(record: name, tag: field.tag, offset: offset(of: field))
        }
      } else if index > 0, fields[index - 1].tag == field.tag, !repeated.contains(field.tag) {
        throw FormatError.duplicateField(record: name, tag: field.tag, offset: offset(of: field))
      }
    }
  }

  /// The error that says that the field of this tag holds something its meaning does not allow.
  ///
  /// - Parameters:
  ///   - found: the value, as it should be printed.
  ///   - legal: what would have been right: `1...64`, `an even number`.
  public func invalid(_ tag: FieldTag, found: some CustomStringConvertible, legal: String) -> FormatError {
    let field = matches(tag).first
    return .fieldValue(
      record: name, tag: tag, offset: field.map(offset(of:)) ?? base + range.lowerBound,
      found: found.description, legal: legal)
  }

  /// Where the field starts, for errors.
  func offset(of field: Field) -> Int { base + field.range.lowerBound - Layout.fieldHeadBytes }

  /// The fields of one tag; they lie side by side, so binary search finds them.
  func matches(_ tag: FieldTag) -> ArraySlice<Field> {
    var low = 0
    var high = fields.count
    while low < high {
      let middle = (low + high) / 2
      if fields[middle].tag.rawValue < tag.rawValue { low = middle + 1 } else { high = middle }
    }
    var end = low
    while end < fields.count, fields[end].tag == tag { end += 1 }
    return fields[low..<end]
  }

  /// The one field of that tag.
  func single(_ tag: FieldTag) throws -> Field {
    let found = matches(tag)
    guard let first = found.first else {
      throw FormatError.missingField(record: name, tag: tag, offset: base + range.lowerBound)
    }
    guard found.count == 1 else {
      throw FormatError.duplicateField(record: name, tag: tag, offset: offset(of: found[found.startIndex + 1]))
    }
    return first
  }
}
