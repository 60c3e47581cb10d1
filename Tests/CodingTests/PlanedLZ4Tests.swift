import TestSupport
import Testing

@testable import Coding

/// Plane by plane what `fkv_planes_split` must give, from the definition.
private func planes(_ bytes: [UInt8], _ elementSize: Int) -> [[UInt8]] {
  (0..<elementSize).map { plane in stride(from: plane, to: bytes.count, by: elementSize).map { bytes[$0] } }
}

private func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var generator = RepeatableGenerator(seed: seed)
  return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
}

/// Numbers whose last byte takes few values, as the sign and exponent of a cache's numbers do.
private func numbers(_ count: Int, elementSize: Int) -> [UInt8] {
  var generator = RepeatableGenerator(seed: 7)
  return (0..<count).map { i in
    i % elementSize == elementSize - 1
      ? UInt8(60 + i / elementSize / 64 % 3) : UInt8.random(in: 0...255, using: &generator)
  }
}

@Suite struct PlanedLZ4Tests {
  @Test(arguments: [2, 4]) func everySmallSizeComesBack(elementSize: Int) throws {
    for count in 0...300 {
      for bytes in [noise(count), numbers(count, elementSize: elementSize), [UInt8](repeating: 9, count: count)] {
        for level in [0, 9] {
          let coded = PlanedLZ4.encode(bytes, elementSize: elementSize, level: level)
          #expect(try PlanedLZ4.decode(coded, elementSize: elementSize, rawCount: count) == bytes)
        }
      }
    }
  }

  @Test(arguments: [2, 4]) func rawPlanesStandInOrder(elementSize: Int) {
    for count in [1, 2, 3, 7, 8, 33] {
      let bytes = noise(count)
      let coded = PlanedLZ4.encode(bytes, elementSize: elementSize)
      #expect(Array(coded.dropFirst(5 * elementSize)) == planes(bytes, elementSize).flatMap { $0 })
    }
  }

  @Test(arguments: [2, 4]) func severalBlocks(elementSize: Int) throws {
    // A short piece repeated beyond LZ4's reach of 64 KiB, so that both compressed methods have a case.
    let piece = numbers(100_000, elementSize: elementSize)
    let whole = Array(repeatElement(piece, count: 85).joined().prefix(2 * PlanedLZ4.blockBytes + 5))
    for extra in [-1, 0, 1, 5] {
      let bytes = Array(whole[..<(2 * PlanedLZ4.blockBytes + extra)])
      let coded = PlanedLZ4.encode(bytes, elementSize: elementSize, entropy: false)
      #expect(coded.count < bytes.count)
      #expect(try PlanedLZ4.decode(coded, elementSize: elementSize, rawCount: bytes.count) == bytes)
    }
  }

  @Test func sameInputSameBytes() {
    let bytes = numbers(50_000, elementSize: 2)
    #expect(PlanedLZ4.encode(bytes, elementSize: 2) == PlanedLZ4.encode(bytes, elementSize: 2))
  }

  @Test func neverLongerThanRawPlusDirectory() {
    for count in [0, 1, 100, 5000] {
      let coded = PlanedLZ4.encode(noise(count), elementSize: 2)
      #expect(coded.count <= count + 10)
    }
  }

  @Test func decodesIntoABuffer() throws {
    let bytes = numbers(999, elementSize: 4)
    let coded = PlanedLZ4.encode(bytes, elementSize: 4)
    var target = [UInt8](repeating: 0, count: bytes.count)
    try coded.withUnsafeBytes { coded in
      try target.withUnsafeMutableBytes { try PlanedLZ4.decode(coded, elementSize: 4, into: $0) }
    }
    #expect(target == bytes)
  }
}

@Suite struct PlanedLZ4HostileTests {
  private let bytes = numbers(2000, elementSize: 2)
  private var coded: [UInt8] { PlanedLZ4.encode(bytes, elementSize: 2) }

  private func expect(_ error: CodingError, _ coded: [UInt8], rawCount: Int = 2000) {
    #expect(throws: error) { try PlanedLZ4.decode(coded, elementSize: 2, rawCount: rawCount) }
  }

  @Test func truncatedDirectory() {
    for kept in 0..<10 {
      expect(.truncated(part: "plane directory", offset: 0, needed: 10, available: kept), Array(coded[..<kept]))
    }
  }

  @Test func truncatedPlanes() {
    let second = coded.count - 1010
    for kept in [10, 500, 1009] {
      expect(
        .truncated(part: "plane 0", offset: 10, needed: 1000, available: kept - 10), Array(coded[..<kept]))
    }
    for kept in [1010, coded.count - 1] {
      expect(
        .truncated(part: "plane 1", offset: 1010, needed: second, available: kept - 1010), Array(coded[..<kept]))
    }
  }

  @Test func trailingBytes() {
    expect(.trailingBytes(offset: coded.count, count: 3), coded + [0, 0, 0])
    expect(.trailingBytes(offset: 0, count: 1), [0], rawCount: 0)
  }

  @Test func unknownMethod() {
    var bad = coded
    bad[5] = 200
    expect(.unknownMethod(part: "plane 1", offset: 5, method: 200), bad)
  }

  @Test func sizesThatCannotBe() {
    expect(.impossibleSize(part: "byte planes", declared: -1, least: 0, most: .max), coded, rawCount: -1)
    expect(.impossibleSize(part: "plane 0", declared: 1000, least: 999, most: 999), coded, rawCount: 1998)
    // Four bytes can hold at most 1020.
    expect(
      .impossibleSize(part: "plane 0", declared: 4, least: 5, most: 1020),
      [1, 4, 0, 0, 0, 1, 0, 0, 0, 0] + [0, 0, 0, 0], rawCount: 2042)
    // A terabyte from ten bytes, and from none.
    expect(
      .truncated(part: "plane directory", offset: 0, needed: 2_621_440, available: 10),
      [UInt8](repeating: 1, count: 10), rawCount: 1 << 40)
    expect(
      .truncated(part: "plane directory", offset: 0, needed: 21_990_232_555_520, available: 0), [], rawCount: .max)
  }

  @Test func mutationsThrowOrFill() {
    var generator = RepeatableGenerator(seed: 3)
    let good = PlanedLZ4.encode([UInt8](repeating: 1, count: 300) + numbers(700, elementSize: 2), elementSize: 2)
    for _ in 0..<3000 {
      var bad = good
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bad[Int.random(in: 0..<bad.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      do {
        #expect(try PlanedLZ4.decode(bad, elementSize: 2, rawCount: 1000).count == 1000)
      } catch {
        #expect(error is CodingError)
      }
    }
  }
}
