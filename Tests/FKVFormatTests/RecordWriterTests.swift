import FKVFormat
import Testing

@Suite struct RecordWriterTests {
  @Test func everyTypeComesBack() throws {
    var writer = RecordWriter()
    var inner = RecordWriter()
    inner.u8(1, 99, required: true)
    writer.bool(1, true)
    writer.bool(2, false)
    writer.u8(3, .max)
    writer.u16(4, 0x0102)
    writer.u32(5, 0x0102_0304)
    writer.u64(6, 0x0102_0304_0506_0708)
    writer.i32(7, -2)
    writer.f32(8, -0.0)
    writer.f64(9, .pi)
    writer.u32s(10, [1, .max])
    writer.i32s(11, [-1, .min])
    writer.f32s(12, [1.5, -.infinity])
    writer.f64s(13, [.leastNonzeroMagnitude])
    writer.string(14, "Köln\0🙂")
    writer.bytes(15, [0, 255])
    writer.record(16, inner)
    writer.u32s(17, [])
    writer.string(18, "")
    let record = try RecordReader(parsing: writer.encoded, name: "test")
    #expect(record.tags == (1...18).map { FieldTag(rawValue: $0) })
    #expect(try record.bool(1))
    #expect(try !record.bool(2))
    #expect(try record.u8(3) == .max)
    #expect(try record.u16(4) == 0x0102)
    #expect(try record.u32(5) == 0x0102_0304)
    #expect(try record.u64(6) == 0x0102_0304_0506_0708)
    #expect(try record.i32(7) == -2)
    #expect(try record.f32(8).bitPattern == Float(-0.0).bitPattern)
    #expect(try record.f64(9) == .pi)
    #expect(try record.u32s(10) == [1, .max])
    #expect(try record.i32s(11) == [-1, .min])
    #expect(try record.f32s(12) == [1.5, -.infinity])
    #expect(try record.f64s(13) == [.leastNonzeroMagnitude])
    #expect(try record.string(14) == "Köln\0🙂")
    #expect(try record.bytes(15) == [0, 255])
    #expect(try record.record(16).u8(1) == 99)
    #expect(try record.u32s(17) == [])
    #expect(try record.string(18) == "")
  }

  /// NaNs keep their bits, quiet or signalling.
  @Test(arguments: [0x7FC0_0000, 0x7F80_0001, 0xFFC1_2345] as [UInt32])
  func nanBits(bits: UInt32) throws {
    var writer = RecordWriter()
    writer.f32(1, Float(bitPattern: bits))
    #expect(writer.encoded == plainField(1, little(bits)))
    #expect(try RecordReader(parsing: writer.encoded, name: "test").f32(1).bitPattern == bits)
  }

  @Test func bytesOfEveryType() {
    var writer = RecordWriter()
    writer.u16(1, 0x0102)
    writer.i32(2, -2, required: true)
    writer.f64(3, 1)
    writer.string(4, "é")
    writer.f32s(5, [1, 2])
    let expected =
      plainField(1, [2, 1]) + plainField(2, flags: 1, [0xFE, 0xFF, 0xFF, 0xFF])
      + plainField(3, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]) + plainField(4, [0xC3, 0xA9])
      + plainField(5, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
    #expect(writer.encoded == expected)
  }

  /// One meaning has one encoding: the order of the calls does not matter, except among repeated fields.
  @Test func fieldsAreSorted() {
    var writer = RecordWriter()
    writer.u8(9, 1)
    writer.string(5, "b", repeated: true)
    writer.u8(1, 2)
    writer.string(5, "a", repeated: true)
    #expect(
      writer.encoded
        == plainField(1, [2]) + plainField(5, Array("b".utf8)) + plainField(5, Array("a".utf8)) + plainField(9, [1]))
  }

  @Test func nestedRecordsRepeat() throws {
    var writer = RecordWriter()
    for value: UInt8 in 0..<20 {
      var inner = RecordWriter()
      inner.u8(1, value)
      writer.record(3, inner, repeated: true)
    }
    let record = try RecordReader(parsing: writer.encoded, name: "test")
    #expect(try record.records(3).map { try $0.u8(1) } == Array(0..<20))
    #expect(throws: FormatError.duplicateField(record: "test", tag: 3, offset: 17)) { try record.record(3) }
  }

  // The misused call may not return: that would end the child in peace.

  @Test func givingATagTwiceTraps() async {
    await #expect(processExitsWith: .failure) {
      var writer = RecordWriter()
      writer.u8(1, 1)
      writer.u8(1, 1)
    }
    await #expect(processExitsWith: .failure) {
      var writer = RecordWriter()
      writer.string(1, "", repeated: true)
      writer.string(1, "")
    }
  }
}
