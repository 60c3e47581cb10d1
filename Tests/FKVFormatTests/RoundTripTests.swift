import FKVFormat
import TestSupport
import Testing

@Suite struct RoundTripTests {
  /// Every number of sections 0…3 × every payload length 0…5 × with and without a header field.
  @Test func smallShapes() throws {
    let folder = ScratchFolder()
    var generator = RepeatableGenerator(seed: 1)
    for sections in 0...3 {
      for length in 0...5 {
        for fields in 0...1 {
          let path = folder.file("a.fkv")
          let writer = try FKVWriter(path: path)
          var header = RecordWriter()
          if fields == 1 { header.u32(7, 0xDEAD_BEEF) }
          var payloads: [[UInt8]] = []
          for number in 0..<sections {
            let payload = (0..<length + number).map { _ in UInt8.random(in: 0...255, using: &generator) }
            try writer.add(
              sampleKind, layer: number == 2 ? nil : number, index: number, tokens: number..<number + length,
              rawBytes: 3 * length, payload: payload)
            payloads.append(payload)
          }
          let total = try writer.commit(header: header)

          let reader = try FKVReader(path: path, knownKinds: [sampleKind])
          #expect(reader.fileBytes == total)
          #expect(reader.sections.count == sections + 1)
          #expect(reader.header.has(7) == (fields == 1))
          #expect(try reader.header.ifPresent(7, reader.header.u32) == (fields == 1 ? 0xDEAD_BEEF : nil))
          #expect(try reader.verifyAll() == [])
          for number in 0..<sections {
            let entry = try #require(
              reader.section(sampleKind, layer: number == 2 ? nil : number, index: number))
            #expect(entry == reader.sections[number])
            #expect(entry.tokens == number..<number + length)
            #expect(entry.rawBytes == 3 * length)
            #expect(entry.flags == .required)
            #expect(try reader.payload(of: entry) == payloads[number])
          }
          let covered = reader.sections.reduce(reader.overheadBytes) { $0 + $1.storedBytes }
          #expect(covered == total)
        }
      }
    }
    #expect(folder.names == ["a.fkv"])
  }
}

/// A kind that no version of the format gives a meaning.
let sampleKind = SectionKind(rawValue: 0x7F01)
