import FKVFormat
import Testing

/// §5: the structure of records, and fields that are not what they should be.
@Suite struct RecordReaderTests {
  private func record(_ bytes: [UInt8]) throws -> RecordReader {
    try RecordReader(parsing: bytes, name: "test", offset: 1000)
  }

  private func fieldError(_ bytes: [UInt8], _ read: (RecordReader) throws -> Void) throws -> FormatError? {
    let record = try record(bytes)
    do {
      try read(record)
      return nil
    } catch let error as FormatError {
      return error
    }
  }

  @Test func empty() throws {
    let record = try record([])
    #expect(record.tags == [])
    #expect(!record.has(0))
    #expect(try record.ifPresent(3, record.u8) == nil)
    #expect(throws: FormatError.missingField(record: "test", tag: 3, offset: 1000)) { try record.u8(3) }
    #expect(try record.records(3).isEmpty)
    #expect(try record.strings(3) == [])
  }

  /// A record of two fields, cut at every byte: whole at field ends, an error with the right place elsewhere.
  @Test func cutAtEveryByte() throws {
    let whole = plainField(1, [1, 2, 3]) + plainField(2, [4])
    for length in 0...whole.count {
      let expected: FormatError? =
        switch length {
        case 0, 11, 20: nil
        case 1..<8: .fieldTruncated(record: "test", offset: 1000, needed: 8, remaining: length)
        case 8..<11: .fieldTruncated(record: "test", offset: 1000, needed: 11, remaining: length)
        case 12..<19: .fieldTruncated(record: "test", offset: 1011, needed: 8, remaining: length - 11)
        default: .fieldTruncated(record: "test", offset: 1011, needed: 9, remaining: length - 11)
        }
      do {
        _ = try record(Array(whole.prefix(length)))
        #expect(expected == nil, "cut to \(length)")
      } catch let error as FormatError {
        #expect(error == expected, "cut to \(length)")
      }
    }
  }

  @Test func longestLength() {
    let bytes = little(UInt16(1)) + little(UInt16(0)) + little(UInt32.max) + [0]
    #expect(
      throws: FormatError.fieldTruncated(record: "test", offset: 1000, needed: 8 + 0xFFFF_FFFF, remaining: 9)
    ) { try record(bytes) }
  }

  @Test func order() {
    #expect(throws: FormatError.fieldOrder(record: "test", tag: 4, offset: 1008, previous: 5)) {
      try record(plainField(5, []) + plainField(4, []))
    }
  }

  @Test func everyFlag() throws {
    for bit in 0..<16 {
      let flags: UInt16 = 1 << UInt16(bit)
      let bytes = plainField(1, flags: flags, [7])
      if (1...7).contains(bit) {
        #expect(throws: FormatError.reservedFieldFlags(record: "test", tag: 1, offset: 1000, found: flags)) {
          try record(bytes)
        }
      } else {
        #expect(try record(bytes).u8(1) == 7)
      }
    }
  }

  @Test func unknownFields() throws {
    let bytes = plainField(1, [7]) + plainField(2, []) + plainField(3, flags: 1, [])
    try record(bytes).check(known: [1, 3])
    try record(bytes).check(known: [1, 2, 3, 4])
    #expect(throws: FormatError.unknownRequiredField(record: "test", tag: 3, offset: 1017)) {
      try record(bytes).check(known: [1, 2])
    }
  }

  @Test func repeatedFields() throws {
    let bytes = plainField(1, []) + plainField(2, Array("a".utf8)) + plainField(2, Array("bc".utf8))
    let record = try record(bytes)
    try record.check(known: [1, 2], repeated: [2])
    // Unknown optional fields are skipped as they are, repeated or not.
    try record.check(known: [1])
    #expect(try record.strings(2) == ["a", "bc"])
    #expect(record.tags == [1, 2])
    let expected = FormatError.duplicateField(record: "test", tag: 2, offset: 1017)
    #expect(throws: expected) { try record.check(known: [1, 2]) }
    #expect(throws: expected) { try record.string(2) }
  }

  @Test func wrongSizes() throws {
    for bytes in 0...9 {
      let field = plainField(6, [UInt8](repeating: 0, count: bytes))
      func expected(_ unit: Int, _ fits: Bool) -> FormatError? {
        fits ? nil : .fieldSize(record: "test", tag: 6, offset: 1000, bytes: bytes, unit: unit)
      }
      #expect(try fieldError(field) { _ = try $0.bool(6) } == expected(1, bytes == 1))
      #expect(try fieldError(field) { _ = try $0.u8(6) } == expected(1, bytes == 1))
      #expect(try fieldError(field) { _ = try $0.u16(6) } == expected(2, bytes == 2))
      #expect(try fieldError(field) { _ = try $0.u32(6) } == expected(4, bytes == 4))
      #expect(try fieldError(field) { _ = try $0.u64(6) } == expected(8, bytes == 8))
      #expect(try fieldError(field) { _ = try $0.i32(6) } == expected(4, bytes == 4))
      #expect(try fieldError(field) { _ = try $0.f32(6) } == expected(4, bytes == 4))
      #expect(try fieldError(field) { _ = try $0.f64(6) } == expected(8, bytes == 8))
      #expect(try fieldError(field) { _ = try $0.u32s(6) } == expected(4, bytes % 4 == 0))
      #expect(try fieldError(field) { _ = try $0.i32s(6) } == expected(4, bytes % 4 == 0))
      #expect(try fieldError(field) { _ = try $0.f32s(6) } == expected(4, bytes % 4 == 0))
      #expect(try fieldError(field) { _ = try $0.f64s(6) } == expected(8, bytes % 8 == 0))
    }
  }

  @Test func booleans() throws {
    for byte: UInt8 in 0...255 {
      let expected: FormatError? =
        byte < 2
        ? nil : .fieldValue(record: "test", tag: 6, offset: 1000, found: "\(byte)", legal: "0 or 1")
      #expect(try fieldError(plainField(6, [byte])) { _ = try $0.bool(6) } == expected)
    }
  }

  @Test(arguments: [[0x80], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
  func textThatIsNotUTF8(bytes: [UInt8]) throws {
    let expected = FormatError.invalidText(record: "test", tag: 6, offset: 1000)
    #expect(try fieldError(plainField(6, bytes)) { _ = try $0.string(6) } == expected)
    #expect(try fieldError(plainField(6, bytes)) { _ = try $0.strings(6) } == expected)
  }

  @Test func nestedRecordsNameTheirPlace() throws {
    let inner = plainField(3, [1]) + plainField(4, [1, 2])
    let record = try record(plainField(1, [9]) + plainField(0x10, inner))
    let nested = try record.record(0x10)
    #expect(nested.name == "test/0x0010")
    // The outer fields' heads and the first payload take 9 + 8 bytes, the inner first field 9.
    #expect(
      throws: FormatError.fieldSize(record: "test/0x0010", tag: 4, offset: 1026, bytes: 2, unit: 1)
    ) { try nested.u8(4) }
    #expect(throws: FormatError.missingField(record: "test/0x0010", tag: 5, offset: 1017)) { try nested.u8(5) }
  }

  @Test func nestedRecordEndsWithItsField() throws {
    // The inner field claims two bytes more than its record has; the outer record has them.
    let inner = Array(plainField(3, [1, 2, 3]).dropLast(2))
    let record = try record(plainField(1, inner) + plainField(2, [5, 5]))
    #expect(
      throws: FormatError.fieldTruncated(record: "test/0x0001", offset: 1008, needed: 11, remaining: 9)
    ) { try record.record(1) }
  }

  @Test func tooManyFields() throws {
    let most = (0..<FormatLimits.fields).flatMap { plainField(UInt16($0), []) }
    #expect(try record(most).tags.count == FormatLimits.fields)
    #expect(
      throws: FormatError.tooManyFields(
        record: "test", offset: 1000, count: FormatLimits.fields + 3, limit: FormatLimits.fields)
    ) {
      try record(most + (0..<3).flatMap { _ in plainField(0xFFFF, []) } + [1, 2, 3])
    }
  }

  @Test func valuesOutOfRange() throws {
    let record = try record(plainField(1, []) + plainField(2, [9]))
    #expect(
      record.invalid(2, found: 9, legal: "1...3")
        == .fieldValue(record: "test", tag: 2, offset: 1008, found: "9", legal: "1...3"))
    #expect(
      record.invalid(7, found: "nothing", legal: "something")
        == .fieldValue(record: "test", tag: 7, offset: 1000, found: "nothing", legal: "something"))
  }
}
