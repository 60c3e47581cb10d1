import Coding
import KVCacheModel
import SpectralTransform
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct SpectralFrameTests {
  private static func parse(_ bytes: [UInt8], kind: CacheKind = .key) throws -> SpectralFrame {
    try SpectralFrame(parsing: bytes, group: SpectralCases.group(), kind: kind, elementSize: 2, place: "here")
  }

  static let frames = [
    SpectralCases.frame(), SpectralCases.frame(basis: .none), SpectralCases.frame(basis: .model),
    SpectralCases.frame(reflectors: 0), SpectralCases.frame(reflectors: 12), SpectralCases.frame(exactRows: []),
    SpectralCases.frame(exactRows: [0..<1, 1..<2, 5..<20]), SpectralCases.frame(exactFeatures: []),
    SpectralCases.frame(exactFeatures: Array(0..<12), unrotated: false),
  ]

  @Test(arguments: frames.indices) func framesComeBack(index: Int) throws {
    let frame = Self.frames[index]
    let encoded = frame.encoded(elementSize: 2)
    #expect(try Self.parse(encoded.bytes) == frame)
    // §13.2: the head, weights, means, ranges, features, and the two streams.
    #expect(
      encoded.bytes.count == 40 + 4 * 4 + 2 * 12 + 8 * frame.exactRows.count + 4 * frame.exactFeatures.count
        + encoded.basisBytes + encoded.exactBytes)
    #expect((encoded.basisBytes > 0) == (frame.basisSource == .embedded))
  }

  /// Reflectors of a dimension around multiples of 32.
  @Test func basesComeBack() throws {
    var generator = RepeatableGenerator(seed: 2)
    for n in [1, 2, 31, 32, 33, 64, 65] {
      for count in [0, 1, n / 2, n] {
        let lists = (0..<count).map { j in
          (0..<n - j).map { _ in Int16.random(in: -2000...2000, using: &generator) | 1 }
        }
        let basis = QuantisedBasis(dimension: n, integers: lists)
        let bytes = SpectralFrame.encode(basis)
        #expect(try SpectralFrame.decodeBasis(bytes, dimension: n, count: count, place: "") == basis)
      }
    }
  }

  struct Refusal: CustomTestStringConvertible, Sendable {
    var place: Int
    var bytes: [UInt8]
    var field: String
    var declared: String
    var allowed: String
    var testDescription: String { "\(field) \(declared)" }

    init(_ place: Int, _ number: some FixedWidthInteger, _ field: String, _ allowed: String, _ declared: String? = nil)
    {
      self.place = place
      bytes = withUnsafeBytes(of: number.littleEndian) { Array($0) }
      self.field = field
      self.declared = declared ?? "\(number)"
      self.allowed = allowed
    }
  }

  private static let weights = "1e-30…1e30"
  private static let badWeights = "zero, negative, NaN or extreme"
  static let refusals: [Refusal] = [
    Refusal(0, UInt8(3), "basis source", "0, 1 or 2"), Refusal(0, UInt8(255), "basis source", "0, 1 or 2"),
    Refusal(1, UInt8(2), "un-rotated", "0 or 1"), Refusal(2, UInt16(0), "block length", "1…1024"),
    Refusal(2, UInt16(1025), "block length", "1…1024"), Refusal(4, UInt32(1), "layers", "2"),
    Refusal(4, UInt32.max, "layers", "2"), Refusal(8, UInt32(11), "features", "12"),
    Refusal(12, UInt32(13), "reflectors", "at most 12"), Refusal(12, UInt32.max, "reflectors", "at most 12"),
    Refusal(0, UInt8(0), "reflectors", "at most 0", "3"), Refusal(0, UInt8(2), "reflectors", "at most 0", "3"),
    Refusal(16, UInt32(21), "exact ranges", "at most 20"), Refusal(20, UInt32(13), "exact features", "at most 12"),
    Refusal(40, Float(0).bitPattern, "weights", weights, badWeights),
    Refusal(44, Float(-1).bitPattern, "weights", weights, badWeights),
    Refusal(48, Float.nan.bitPattern, "weights", weights, badWeights),
    Refusal(52, Float.infinity.bitPattern, "weights", weights, badWeights),
    Refusal(40, Float(1e-30).nextDown.bitPattern, "weights", weights, badWeights),
    Refusal(40, Float(1e30).nextUp.bitPattern, "weights", weights, badWeights),
    Refusal(56, UInt16(0x7C00), "means", "finite numbers", "a NaN or infinity"),
    Refusal(78, UInt16(0x7E00), "means", "finite numbers", "a NaN or infinity"),
    Refusal(84, UInt32(0), "exact rows", "ascending ranges within 20 tokens", "0 from 0"),
    Refusal(84, UInt32(21), "exact rows", "ascending ranges within 20 tokens", "21 from 0"),
    Refusal(84, UInt32.max, "exact rows", "ascending ranges within 20 tokens", "4294967295 from 0"),
    Refusal(88, UInt32(1), "exact rows", "ascending ranges within 20 tokens", "2 from 1"),
    Refusal(88, UInt32.max, "exact rows", "ascending ranges within 20 tokens", "2 from 4294967295"),
    Refusal(96, UInt32(11), "exact feature", "ascending numbers below 12"),
    Refusal(100, UInt32(12), "exact feature", "ascending numbers below 12"),
    Refusal(100, UInt32(1), "exact feature", "ascending numbers below 12"),
  ]

  @Test(arguments: refusals) func fieldsOutsideTheirRange(of test: Refusal) {
    var bytes = SpectralCases.frame().encoded(elementSize: 2).bytes
    bytes.replaceSubrange(test.place..<test.place + test.bytes.count, with: test.bytes)
    let error = CodecError.badValue(place: "here", field: test.field, declared: test.declared, allowed: test.allowed)
    #expect(throws: error) { try Self.parse(bytes) }
  }

  @Test func valuesAreNeverUnrotated() {
    #expect(throws: CodecError.badValue(place: "here", field: "un-rotated", declared: "1", allowed: "0")) {
      try Self.parse(SpectralCases.frame().encoded(elementSize: 2).bytes, kind: .value)
    }
  }

  @Test(arguments: [(24, "basis bytes"), (32, "exact bytes")]) func streamsLieWithinTheFrame(place: Int, field: String)
  {
    let bytes = SpectralCases.frame().encoded(elementSize: 2).bytes
    let left = bytes.count - place - 8
    for declared in [UInt64(left + 1), 1 << 63, .max] {
      let error = CodecError.badValue(
        place: "here", field: field, declared: "\(declared)", allowed: "at most the \(left) bytes left")
      #expect(throws: error) { try Self.parse(SpectralCases.put(declared, place, in: bytes)) }
    }
  }

  @Test func basisBytesWithoutABasis() {
    let frame = SpectralCases.frame(basis: .none)
    let bytes = frame.encoded(elementSize: 2).bytes
    let grown = SpectralCases.put(UInt64(1), 24, in: Array(bytes[..<104]) + [0] + bytes[104...])
    #expect(throws: CodecError.badValue(place: "here", field: "basis bytes", declared: "1", allowed: "0")) {
      try Self.parse(grown)
    }
  }

  /// A stream of zeros is a basis whose reflectors are none.
  @Test func reflectorsWithoutNumbers() {
    for symbols in [[Int16](repeating: 0, count: 64), [Int16](repeating: 1, count: 64)] {
      let stream = CoefficientCoder.encode(symbols, rows: 2, rowLength: 32)
      let error = CodecError.badValue(
        place: "", field: "reflector 0", declared: "all zero, or longer than it may be",
        allowed: "5 integers, not all 0")
      #expect(throws: error) { try SpectralFrame.decodeBasis(stream, dimension: 5, count: 2, place: "") }
    }
  }

  @Test(arguments: [0, 1, 5, 8]) func truncationsAreRefused(index: Int) {
    let bytes = Self.frames[index].encoded(elementSize: 2).bytes
    for count in 0..<bytes.count {
      #expect(throws: (any Error).self, "\(count) of \(bytes.count)") { try Self.parse(Array(bytes[..<count])) }
    }
    #expect(throws: CodecError.trailingBytes(place: "here", count: 1)) { try Self.parse(bytes + [0]) }
  }

  /// No bit that is wrong ends the process; what it gives, if it gives anything, is a frame that can be used.
  @Test func flippedBitsThrowOrParse() {
    let bytes = SpectralCases.frame().encoded(elementSize: 2).bytes
    var refused = 0
    for bit in 0..<8 * bytes.count {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      do {
        let frame = try Self.parse(flipped)
        #expect(frame.basis?.vectors().allSatisfy(\.isFinite) ?? true)
      } catch is CodecError { refused += 1 } catch is CodingError { refused += 1 } catch { Issue.record(error) }
    }
    #expect(refused > 8 * bytes.count / 4)
  }
}
