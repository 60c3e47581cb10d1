import Coding
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct FourierSectionHostileTests {
  private static let layer = SectionCases.layer(tokens: 12)

  private static func bytes(_ reconstruction: FourierReconstruction = .published) -> [UInt8] {
    SectionCases.section(
      SectionCases.tensor(layer), SectionCases.parameters(reconstruction: reconstruction)
    ).encoded(elementSize: 2).bytes
  }

  private static func parse(_ bytes: [UInt8]) throws -> FourierSection {
    try FourierSection(parsing: bytes, layer: layer, elementSize: 2, place: "layer 5 keys")
  }

  @Test func everyTruncationThrows() {
    let bytes = Self.bytes()
    for count in 0..<bytes.count {
      #expect(throws: CodecError.self, "\(count) of \(bytes.count) bytes") { try Self.parse(Array(bytes[..<count])) }
    }
    #expect(throws: CodecError.truncated(place: "layer 5 keys", needed: 4, found: 0)) { try Self.parse([]) }
    #expect(throws: CodecError.trailingBytes(place: "layer 5 keys", count: 2)) { try Self.parse(bytes + [0, 0]) }
  }

  /// Without checksums every flipped bit either is refused or gives some other section that can be restored.
  @Test(arguments: FourierReconstruction.allCases) func noFlippedBitTraps(reconstruction: FourierReconstruction) {
    let bytes = Self.bytes(reconstruction)
    var refused = 0
    for bit in 0..<8 * bytes.count {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      do {
        let section = try Self.parse(flipped)
        let restored = section.restored(layer: Self.layer, elementType: .float16)
        #expect(restored.bytes.count == 12 * 6 * 2)
      } catch is CodecError { refused += 1 } catch is CodingError { refused += 1 } catch { Issue.record(error) }
    }
    // At the least what the head declares is checked against what follows.
    #expect(refused > 8 * 40)
  }

  private static func patched(_ field: Int, _ value: UInt32) -> [UInt8] {
    var bytes = Self.bytes()
    withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(4 * field..<4 * field + 4, with: $0) }
    return bytes
  }

  struct Limit: CustomTestStringConvertible, Sendable {
    var field: Int
    var value: UInt32
    var name: String
    var declared: String
    var allowed: String
    var testDescription: String { "\(name) \(declared)" }
  }

  // The section has 1 sink, a middle of 9, a window of 2, 6 features, 3 of them spectral, 2 frequencies, period 9.
  static let limits = [
    Limit(field: 0, value: 2, name: "sinks + middle + window", declared: "13", allowed: "12, the layer's tokens"),
    Limit(
      field: 1, value: .max, name: "sinks + middle + window", declared: "4294967298", allowed: "12, the layer's tokens"),
    Limit(field: 2, value: 0, name: "sinks + middle + window", declared: "10", allowed: "12, the layer's tokens"),
    Limit(field: 3, value: 7, name: "features", declared: "7", allowed: "6, the layer's H·D"),
    Limit(field: 4, value: 7, name: "spectral features", declared: "7", allowed: "at most 6"),
    Limit(field: 4, value: 0, name: "frequencies", declared: "2", allowed: "0 without spectral features"),
    Limit(field: 5, value: 0, name: "frequencies", declared: "0", allowed: "1…5"),
    Limit(field: 5, value: 6, name: "frequencies", declared: "6", allowed: "1…5"),
    Limit(field: 6, value: 8, name: "period", declared: "8", allowed: "9…4194304"),
    Limit(field: 6, value: 4_194_305, name: "period", declared: "4194305", allowed: "9…4194304"),
    Limit(field: 6, value: .max, name: "period", declared: "4294967295", allowed: "9…4194304"),
  ]

  @Test(arguments: limits) func headFieldsHaveLimits(of test: Limit) {
    let error = CodecError.badValue(
      place: "layer 5 keys", field: test.name, declared: test.declared, allowed: test.allowed)
    #expect(throws: error) { try Self.parse(Self.patched(test.field, test.value)) }
  }

  @Test func typesAndReservedBytes() {
    func error(_ field: String, _ declared: String, _ allowed: String) -> CodecError {
      CodecError.badValue(place: "layer 5 keys", field: field, declared: declared, allowed: allowed)
    }
    func patched(_ place: Int, _ byte: UInt8) -> [UInt8] {
      var bytes = Self.bytes()
      bytes[place] = byte
      return bytes
    }
    #expect(throws: error("reconstruction", "2", "0 or 1")) { try Self.parse(patched(28, 2)) }
    for code: UInt8 in [0, 2, 4, 255] {
      #expect(throws: error("coefficient type", "\(code)", "1 or 3")) { try Self.parse(patched(29, code)) }
    }
    #expect(throws: error("reserved", "256", "0")) { try Self.parse(patched(31, 1)) }
    // Six features fill six bits of the map.
    let map = Self.bytes()[56]
    #expect(throws: error("feature map", "3 features and padding", "3")) { try Self.parse(patched(56, map | 0x80)) }
    #expect(throws: error("feature map", "2 features", "3")) { try Self.parse(patched(56, map & (map - 1))) }
  }

  @Test(arguments: [(32, "edge bytes"), (40, "exact bytes"), (48, "coefficient bytes")])
  func streamsLieWithinTheSection(place: Int, name: String) {
    var bytes = Self.bytes()
    let left = bytes.count - place - 8
    for declared in [UInt64(left + 1), 1 << 40, .max] {
      withUnsafeBytes(of: declared.littleEndian) { bytes.replaceSubrange(place..<place + 8, with: $0) }
      let error = CodecError.badValue(
        place: "layer 5 keys", field: name, declared: "\(declared)", allowed: "at most the \(left) bytes left")
      #expect(throws: error) { try Self.parse(bytes) }
    }
    bytes[place..<place + 8] = [0, 0, 0, 0, 0, 0, 0, 0]
    #expect(throws: CodecError.self) { try Self.parse(bytes) }
  }

  @Test func aPeriodThatNoPlanTakesIsRefused() {
    // One feature of 2³¹ − 1 tokens: all that the head may say, and more than FFTW's planner counts to.
    let tokens = Int(Int32.max)
    let layer = LayerGeometry(kvHeads: 1, queryHeads: 1, headDim: 1, tokens: tokens)
    var writer = ByteWriter()
    for number in [0, tokens, 0, 1, 1, 1, tokens] { writer.append(UInt32(number)) }
    writer.append([0, 1, 0, 0] as [UInt8])
    for _ in 0..<3 { writer.append(UInt64(0)) }
    writer.append([1] as [UInt8])
    #expect(
      throws: CodecError.badValue(
        place: "here", field: "period", declared: "2147483647", allowed: "2147483647…1073741824")
    ) { try FourierSection(parsing: writer.bytes, layer: layer, elementSize: 2, place: "here") }
  }
}
