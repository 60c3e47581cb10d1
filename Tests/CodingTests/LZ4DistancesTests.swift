import Testing

@testable import Coding

@Suite struct LZ4DistancesTests {
  private func arePositive(_ block: [UInt8]) -> Bool { block.withUnsafeBytes(LZ4Distances.arePositive) }

  @Test func blocksOfTheLibraryPass() {
    for count in [0, 1, 5, 12, 13, 14, 18, 19, 20, 100, 270, 271, 526, 5000] {
      for period in [1, 2, 7, 300, 100_000] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: ($0 % period) * 167 ^ ($0 % period) >> 3) }
        #expect(arePositive(LZ4Block.encode(bytes)), "\(count) bytes of period \(period)")
        #expect(LZ4Block.decode(LZ4Block.encode(bytes), count: count) == bytes)
      }
    }
  }

  /// One literal, a match of 15 + 4 + 1 bytes, twelve literals.
  @Test func aDistanceOf0IsRefused() {
    func block(_ distance: UInt8) -> [UInt8] { [0x1F, 65, distance, 0, 1, 0xC0] + Array(repeating: 66, count: 12) }
    #expect(arePositive(block(1)) && !arePositive(block(0)))
    #expect(LZ4Block.decode(block(1), count: 33) == Array(repeating: 65, count: 21) + Array(repeating: 66, count: 12))
    #expect(LZ4Block.decode(block(0), count: 33) == nil)
  }

  /// What ends early is not read beyond; two bytes are a block of one literal.
  @Test func cutBlocks() {
    let block: [UInt8] = [0x1F, 65, 1, 0, 1, 0xC0] + Array(repeating: 66, count: 12)
    for count in 0..<block.count where count != 2 { #expect(!arePositive(Array(block.prefix(count))), "\(count)") }
    #expect(!arePositive([0xF0, 255, 255]))
  }
}
