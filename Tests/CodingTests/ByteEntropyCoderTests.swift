import CKernels
import TestSupport
import Testing

@testable import Coding

/// Bytes of a distribution that changes every `period` bytes.
private func drifting(_ count: Int, period: Int, seed: UInt64 = 1) -> [UInt8] {
  var generator = RepeatableGenerator(seed: seed)
  return (0..<count).map { i in
    let centre = Float(60 + i / period * 37 % 130)
    return UInt8(centre + generator.normal() * Float(1 + i / period % 7))
  }
}

/// Decodes one segment by the formulas of the format.
private func reference(
  _ states: inout [UInt32], _ table: ByteTable, _ words: inout ArraySlice<UInt8>, _ count: Int, _ first: Int
) -> [UInt8]? {
  var starts = [0]
  for frequency in table.frequencies { starts.append(starts.last! + Int(frequency)) }
  return (first..<first + count).reduce(into: [UInt8]?([])) { bytes, i in
    guard bytes != nil else { return }
    let slot = Int(states[i % 32] & 4095)
    let byte = starts.lastIndex { $0 <= slot }!
    var state = UInt32(table.frequencies[byte]) * (states[i % 32] >> 12) + UInt32(slot - starts[byte])
    if state < 65536 {
      guard words.count >= 2 else {
        bytes = nil
        return
      }
      state = state << 16 | UInt32(words.removeFirst()) | UInt32(words.removeFirst()) << 8
    }
    states[i % 32] = state
    bytes!.append(UInt8(byte))
  }
}

@Suite struct ByteEntropyCoderTests {
  private func decode(_ coded: [UInt8], _ count: Int) -> [UInt8]? {
    var plane = [UInt8](repeating: 0, count: count)
    let isValid = coded.withUnsafeBytes { coded in
      plane.withUnsafeMutableBytes { ByteEntropyCoder.decode(coded, into: $0) }
    }
    return isValid ? plane : nil
  }

  private func encode(_ bytes: [UInt8], segment: Int? = nil) -> [UInt8] {
    bytes.withUnsafeBytes { ByteEntropyCoder.encode($0, segment: segment)! }
  }

  @Test func everySmallSizeComesBack() {
    for count in 1...300 {
      for bytes in [drifting(count, period: 50), [UInt8](repeating: 255, count: count)] {
        #expect(decode(encode(bytes), count) == bytes)
      }
    }
  }

  @Test(arguments: [nil, 1, 777, 1023, 1024, 3000, 30_000]) func segmentsOfAnyLength(segment: Int?) {
    for count in [1025, 4096, 4097, 20_000] {
      let bytes = drifting(count, period: 3000)
      #expect(decode(encode(bytes, segment: segment), count) == bytes)
    }
  }

  @Test func everyByteValue() {
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
    #expect(decode(encode(bytes), 5000) == bytes)
  }

  @Test func kernelsFollowTheFormulas() throws {
    for (count, first) in [(1, 0), (31, 0), (33, 31), (64, 5), (1000, 77), (1000, 96)] {
      let bytes = drifting(count, period: 300)
      var counts = [UInt32](repeating: 0, count: 256)
      fkv_bytes_count(bytes, count, &counts)
      #expect(counts == (0..<256).map { (value: Int) in UInt32(bytes.count { Int($0) == value }) })
      let table = ByteTable(counts: counts)
      var states = [UInt32](repeating: 1 << 16, count: 32)
      var buffer = [UInt8](repeating: 0, count: 2 * count)
      let used = buffer.withUnsafeMutableBufferPointer {
        let end = $0.baseAddress! + 2 * count
        return end - fkv_bytes_encode(&states, table.frequencies, bytes, count, first, end)
      }
      var words = buffer[(2 * count - used)...]
      #expect(reference(&states, table, &words, count, first) == bytes)
      #expect(words.isEmpty && states == [UInt32](repeating: 1 << 16, count: 32))
    }
  }

  @Test func tablesAddUpAndComeBack() throws {
    var generator = RepeatableGenerator(seed: 5)
    for occurring in [1, 2, 3, 100, 256] {
      var counts = [UInt32](repeating: 0, count: 256)
      for value in (0..<256).shuffled(using: &generator).prefix(occurring) {
        counts[value] = UInt32(1) << UInt32.random(in: 0..<20, using: &generator)
      }
      let table = ByteTable(counts: counts)
      #expect(table.frequencies.reduce(0) { $0 + Int($1) } == 4096)
      #expect(zip(counts, table.frequencies).allSatisfy { ($0 == 0) == ($1 == 0) })
      var bits = BitWriter()
      table.append(to: &bits)
      let read = bits.bytes.withUnsafeBytes {
        var reader = BitReader($0)
        let table = ByteTable(from: &reader)
        return reader.isAtEnd ? table : nil
      }
      #expect(read == table)
    }
  }

  @Test func allowedCodesOnly() {
    #expect(ByteTable(codes: [UInt8](repeating: 0, count: 256)) == nil)
    var bits = BitWriter()
    bits.appendGolomb(2 * 104 - 1, order: 2)
    for _ in 0..<300 { bits.append(true) }
    #expect(
      bits.bytes.withUnsafeBytes {
        var reader = BitReader($0)
        return ByteTable(from: &reader)
      } == nil)
  }

  @Test func damageIsNoticedOrHarmless() {
    let bytes = drifting(6000, period: 2000)
    let good = encode(bytes, segment: 2000)
    for kept in 0..<200 { #expect(decode(Array(good[..<kept]), 6000) == nil) }
    for cut in 1...64 { #expect(decode(Array(good.dropLast(cut)), 6000) == nil) }
    #expect(decode(good + [0, 0], 6000) == nil)
    #expect(decode(good, 5999) == nil)
    var short = good
    short[0] = 0xff
    short[1] = 3
    #expect(decode(short, 6000) == nil)
    var generator = RepeatableGenerator(seed: 2)
    for _ in 0..<1000 {
      var bad = good
      let end = Bool.random(using: &generator) ? bad.count : 300
      bad[Int.random(in: 0..<end, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      if let found = decode(bad, 6000) { #expect(found.count == 6000) }
    }
  }

  @Test func planesUseItWhereItIsShorter() throws {
    let bytes = drifting(40_000, period: 5000)
    let noise = (0..<40_000).map { (i: Int) in UInt8(truncatingIfNeeded: (i &* 2_654_435_761) >> 9) }
    let numbers = zip(noise, bytes).flatMap { [$0, $1] }
    let coded = PlanedLZ4.encode(numbers, elementSize: 2, rowLength: 5000)
    #expect(coded[5] == PlanedLZ4.Method.entropy.rawValue)
    #expect(coded.count < PlanedLZ4.encode(numbers, elementSize: 2, entropy: false).count)
    #expect(try PlanedLZ4.decode(coded, elementSize: 2, rawCount: 80_000) == numbers)
    var bad = coded
    bad[coded.count - 1] ^= 1
    #expect(throws: CodingError.corrupt(part: "plane 1", offset: 10 + Int(coded[1]) + Int(coded[2]) << 8)) {
      try PlanedLZ4.decode(bad, elementSize: 2, rawCount: 80_000)
    }
  }
}
