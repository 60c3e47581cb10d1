import ReferenceDecoder

/// A file taken apart, to be changed and put together again with right lengths, offsets and hashes.
struct EditableFile {
  struct Part {
    var kind: UInt16
    var flags: UInt16 = 1
    var layer: UInt32
    var index: UInt32 = 0
    var firstToken: UInt32 = 0
    var tokenCount: UInt32 = 0
    var rawBytes: UInt64
    var payload: [UInt8]
  }
  /// Without the header.
  var sections: [Part]
  var header: EditableRecord
  var optionalFeatures: UInt32 = 0

  init(_ bytes: [UInt8]) throws {
    let container = try Container(bytes)
    sections = try container.sections.dropLast().map {
      Part(
        kind: UInt16($0.kind), flags: UInt16($0.flags), layer: UInt32($0.layer), index: UInt32($0.index),
        firstToken: UInt32($0.firstToken), tokenCount: UInt32($0.tokenCount), rawBytes: UInt64($0.rawBytes),
        payload: try container.payload($0))
    }
    header = EditableRecord(container.header)
  }

  var bytes: [UInt8] {
    let record = header.bytes
    let all =
      sections + [
        Part(kind: 1, layer: .max, rawBytes: UInt64(record.count), payload: record)
      ]
    var (body, rows) = ([UInt8](), [UInt8]())
    for part in all {
      var description = little(part.kind) + little(part.flags) + little(part.layer) + little(part.index)
      description += little(part.firstToken) + little(part.tokenCount)
      description += little(UInt64(part.payload.count)) + little(part.rawBytes)
      description += little(XXH3.hash(description + part.payload))
      rows += description + little(UInt32(0)) + little(UInt64(64 + body.count))
      body += [0xF6, 0x53, 0x45, 0x43] + description + part.payload
    }
    let directory = 64 + body.count
    var prologue: [UInt8] = [0x89, 0x46, 0x4B, 0x56, 0x0D, 0x0A, 0x1A, 0x0A]
    prologue += little(UInt32(1)) + little(UInt32(0)) + little(optionalFeatures) + little(UInt32(0))
    prologue += little(UInt64(directory + rows.count)) + little(UInt64(directory - 48 - record.count))
    prologue += little(UInt32(record.count)) + little(UInt32(rows.count)) + little(UInt64(directory))
    return prologue + little(XXH3.hash(prologue + record + rows)) + body + rows
  }

  /// The section of that kind, layer and index.
  subscript(kind: UInt16, layer: UInt32, index: UInt32 = 0) -> Part {
    get { sections.first { $0.kind == kind && $0.layer == layer && $0.index == index }! }
    set { sections[sections.firstIndex { $0.kind == kind && $0.layer == layer && $0.index == index }!] = newValue }
  }

  /// Where the directory's rows start in `bytes`.
  static func directory(_ bytes: [UInt8]) -> Int { Int(number(bytes, 48, 8)) }

  /// The file with the metadata hash that its bytes call for; `sections` too has those of sections made right, in prefix
  /// and row.
  static func sealed(_ bytes: [UInt8], sections: Bool = false) -> [UInt8] {
    var bytes = bytes
    let directory = directory(bytes)
    if sections {
      for row in stride(from: directory, to: bytes.count, by: 56) {
        let (offset, count) = (Int(number(bytes, row + 48, 8)), Int(number(bytes, row + 20, 8)))
        let hash = little(XXH3.hash(Array(bytes[row..<row + 36] + bytes[offset + 48..<offset + 48 + count])))
        bytes.replaceSubrange(row + 36..<row + 44, with: hash)
        bytes.replaceSubrange(offset + 4..<offset + 48, with: bytes[row..<row + 44])
      }
    }
    let header = Int(number(bytes, 32, 8))
    bytes.replaceSubrange(56..<64, with: little(XXH3.hash(Array(bytes[..<56] + bytes[(header + 48)...]))))
    return bytes
  }

  static func number(_ bytes: [UInt8], _ place: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
  }
}

/// The fields of a record, whatever they are.
struct EditableRecord {
  struct Field {
    var tag: UInt16
    var flags: UInt16 = 0
    var payload: [UInt8]
  }
  var fields: [Field] = []
  /// Bytes after the last field.
  var tail: [UInt8] = []

  init(_ bytes: [UInt8]) {
    var place = 0
    while place < bytes.count {
      let count = Int(EditableFile.number(bytes, place + 4, 4))
      fields.append(
        Field(
          tag: UInt16(EditableFile.number(bytes, place, 2)), flags: UInt16(EditableFile.number(bytes, place + 2, 2)),
          payload: Array(bytes[place + 8..<place + 8 + count])))
      place += 8 + count
    }
  }

  var bytes: [UInt8] {
    fields.flatMap { little($0.tag) + little($0.flags) + little(UInt32($0.payload.count)) + $0.payload } + tail
  }

  /// The payload of the first field with that tag; setting one that is not there puts it where its tag belongs, setting
  /// nil takes it away.
  subscript(tag: UInt16) -> [UInt8]? {
    get { fields.first { $0.tag == tag }?.payload }
    set {
      let place = fields.firstIndex { $0.tag >= tag } ?? fields.count
      let isThere = place < fields.count && fields[place].tag == tag
      guard let newValue else {
        if isThere { fields.remove(at: place) }
        return
      }
      if isThere {
        fields[place].payload = newValue
      } else {
        fields.insert(Field(tag: tag, payload: newValue), at: place)
      }
    }
  }

  /// Changes a field that is a record itself.
  mutating func edit(_ tag: UInt16, _ body: (inout EditableRecord) -> Void) {
    var nested = EditableRecord(self[tag]!)
    body(&nested)
    self[tag] = nested.bytes
  }
}

/// The integer's bytes, lowest first.
func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * Value($0))) }
}

/// Bytes with a number put in their place.
func put<Value: FixedWidthInteger>(_ value: Value, _ place: Int, in bytes: [UInt8]) -> [UInt8] {
  var bytes = bytes
  bytes.replaceSubrange(place..<place + Value.bitWidth / 8, with: little(value))
  return bytes
}
