import CacheCodec
import KVCacheModel
import TestSupport
import Testing

@testable import Baselines

struct LlamaBlocksTests {
  let cache = SyntheticCache.make(layers: 2, tokens: 8, headDim: 64)

  private func block(_ type: LlamaBlockType, _ x: [Float]) -> [UInt8] {
    var writer = BaselineWriter()
    x.withUnsafeBufferPointer { type.encode($0, into: &writer) }
    return writer.bytes
  }

  @Test func q8BlockIsScaleAndRoundedCodes() {
    // d = 127/127 = 1 = 0x3C00; halves round away from zero.
    var x = [Float](repeating: 0, count: 32)
    (x[0], x[1], x[2], x[3], x[31]) = (127, -127, 0.5, -1.5, -3.49)
    var expected = [UInt8](repeating: 0, count: 34)
    expected.replaceSubrange(0..<6, with: [0x00, 0x3C, 127, 0x81, 1, 0xFE])
    expected[33] = 0xFD
    #expect(block(.q8, x) == expected)
  }

  @Test func q4BlockIsScaleAndNibbles() {
    // The peak −8 gives d = 1, code 0; 7.6 would be code 16 and is cut to 15.
    var x = [Float](repeating: 0, count: 32)
    (x[0], x[16], x[1], x[17], x[15]) = (-8, 7.6, 1, -1.4, 0.5)
    var expected: [UInt8] = [0x00, 0x3C] + [UInt8](repeating: 0x88, count: 16)
    expected[2] = 0xF0
    expected[3] = 0x79
    expected[17] = 0x89
    #expect(block(.q4, x) == expected)
  }

  @Test(arguments: LlamaBlockType.allCases) func zerosAndTinyNumbersStayNearZero(_ type: LlamaBlockType) throws {
    for value in [0, Float.leastNonzeroMagnitude, -Float.leastNormalMagnitude] {
      var reader = BaselineReader(block(type, [Float](repeating: value, count: 32)), place: "block")
      var decoded = [Float](repeating: 1, count: 32)
      try type.decode(&reader, into: &decoded)
      #expect(decoded.allSatisfy { abs($0) < 1e-30 })
    }
  }

  @Test(arguments: LlamaBlockType.allCases) func bytesAreBlocksAndNothingElse(_ type: LlamaBlockType) throws {
    let (bytes, _) = try roundTrip(LlamaBlocks(type), cache)
    #expect(bytes.count == cache.description.geometry.elementCount / 32 * type.byteCount + framing(cache))
  }

  /// A code's cell is one step wide; the peak's opposite side of q4_0 is cut a whole step off. binary16 adds 2⁻¹¹ of the
  /// number to the scale and as much to the result.
  @Test(arguments: LlamaBlockType.allCases) func errorsStayWithinTheStep(_ type: LlamaBlockType) throws {
    let (_, restored) = try roundTrip(LlamaBlocks(type), cache)
    for layer in cache.keys.indices {
      let (x, y) = (cache.values[layer].floats(), restored.cache.values[layer].floats())
      for start in stride(from: 0, to: x.count, by: 32) {
        let peak = x[start..<start + 32].map(abs).max()!
        let bound = (type == .q8 ? 0.5 / 127 : 1.0 / 8) * peak + peak / 1024
        #expect((start..<start + 32).allSatisfy { abs(x[$0] - y[$0]) <= bound })
      }
    }
  }

  @Test func hadamardIsTheRecursionAndItsOwnInverse() {
    for size in [1, 2, 4, 64] {
      var matrix: [[Float]] = [[1]]
      while matrix.count < size {
        let half = matrix
        matrix = half.map { $0 + $0 } + half.map { $0 + $0.map { -$0 } }
      }
      var generator = RepeatableGenerator(seed: UInt64(size))
      let x = (0..<2 * size).map { _ in generator.normal() }
      var y = x
      WalshHadamard.apply(&y, size: size)
      for i in 0..<2 * size {
        let run = i / size * size
        let expected = (0..<size).reduce(Float(0)) { $0 + matrix[i - run][$1] * x[run + $1] } / Float(size).squareRoot()
        #expect(abs(y[i] - expected) < 1e-4)
      }
      WalshHadamard.apply(&y, size: size)
      #expect(zip(x, y).allSatisfy { abs($0 - $1) < 1e-5 * (1 + abs($0)) })
    }
  }

  @Test func rotationHelpsWhereOneFeatureIsLarge() throws {
    // Synthetic heads have one feature twelve times the others.
    let plain = try roundTrip(LlamaBlocks(.q4), cache).restored.cache
    let rotated = try roundTrip(LlamaBlocks(.q4, rotates: true), cache).restored.cache
    #expect(error(.key, of: rotated, against: cache) < error(.key, of: plain, against: cache))
  }

  @Test func headsThatBlocksDoNotFillAreRefused() {
    let narrow = SyntheticCache.make(layers: 1, tokens: 4, headDim: 16)
    #expect(
      throws: BaselineError.unsuitable("q8_0 needs a head dimension that is a multiple of 32, not 16")
    ) { try LlamaBlocks(.q8).encode(narrow) }
    let half = SyntheticCache.make(layers: 1, tokens: 4, headDim: 32)
    #expect(
      throws: BaselineError.unsuitable("llama.cpp rotates heads of a multiple of 64 dimensions only, not 32")
    ) { try LlamaBlocks(.q4, rotates: true).encode(half) }
  }

  @Test(arguments: LlamaBlockType.allCases) func hostileBytes(_ type: LlamaBlockType) throws {
    try expectHostileBytesAreHandled(LlamaBlocks(type), SyntheticCache.make(layers: 1, tokens: 3, headDim: 32))
  }
}
