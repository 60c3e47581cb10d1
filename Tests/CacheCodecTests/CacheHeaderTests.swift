import FKVFormat
import Fidelity
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct CacheHeaderTests {
  /// A header with every optional field, several runs of layers and two ropes.
  static var full: CacheHeader {
    let plain = LayerGeometry(kvHeads: 2, queryHeads: 6, headDim: 5, tokens: 9)
    let sliding = LayerGeometry(
      kvHeads: 1, queryHeads: 4, headDim: 8, tokens: 3, firstPosition: 6, slidingWindow: 3, ropeIndex: 1)
    let layers = [plain, plain, sliding, plain, sliding, sliding]
    let description = CacheDescription(
      model: ModelIdentity(name: "naïve модель", architecture: "gemma3", fingerprint: "00ff"),
      geometry: CacheGeometry(layers: layers),
      ropes: [
        RotaryEmbedding(pairing: .interleaved, dimensions: 4, base: 10_000),
        RotaryEmbedding(
          pairing: .halfSplit, dimensions: 6, base: 1e6, scaling: "yarn", inverseFrequencies: [1, 0.1, -0.0],
          magnitude: 1.0625),
      ], tokens: nil, keyType: .bfloat16, valueType: .float32, attentionScale: 0.3, attentionSoftcap: 50,
      provenance: ["writer": "x", "empty": "", "equation": "a=b=c"])
    var errors = layers.map { layer in (0..<layer.queryHeads).map { Double($0) / 7 } }
    errors[1][0] = .infinity
    return CacheHeader(
      description: description, profile: .fourier, settings: ["a=1", "b", "a=1"], writer: "fkv 9.9",
      storedError: StoredError(probeQueries: 128, errors: AttentionErrors(layers: errors)))
  }

  private static func roundTrip(_ header: CacheHeader) throws -> CacheHeader {
    try CacheHeader(parsing: RecordReader(parsing: header.record.encoded, name: "header"))
  }

  @Test func everythingComesBack() throws {
    #expect(try Self.roundTrip(Self.full) == Self.full)
    #expect(Self.full.record.encoded == Self.full.record.encoded)
  }

  @Test func optionalFieldsMayBeAbsent() throws {
    var header = Self.full
    header.profile = .lossless
    header.settings = []
    header.writer = ""
    header.storedError = nil
    header.description.attentionSoftcap = nil
    header.description.provenance = [:]
    #expect(try Self.roundTrip(header) == header)
  }

  @Test func tokensAndProbesAreNotInIt() throws {
    var header = Self.full
    header.description.tokens = [1, 2, 3]
    header.description.probeQueries = 7
    #expect(try Self.roundTrip(header) == Self.full)
  }

  @Test func equalLayersAreCountedOnce() {
    let runs = CacheHeader.runs(Self.full.description.geometry.layers)
    #expect(runs.map(\.count) == [2, 1, 1, 2])
  }

  @Test func everyTruncationThrows() {
    let bytes = Self.full.record.encoded
    for count in 0..<bytes.count {
      #expect(throws: FormatError.self, "\(count) bytes") {
        // A record that ends between fields is whole; what it lacks or has too few of is noticed.
        let header = try CacheHeader(parsing: RecordReader(parsing: Array(bytes[..<count]), name: "header"))
        if header.storedError == nil || header.description.provenance.count < 3 {
          throw FormatError.headerTooLarge(bytes: 0, limit: 0)
        }
      }
    }
  }

  @Test func noFlippedBitTraps() {
    let bytes = Self.full.record.encoded
    for bit in 0..<8 * bytes.count {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      do {
        _ = try CacheHeader(parsing: RecordReader(parsing: flipped, name: "header"))
      } catch is FormatError {} catch is CodecError {} catch { Issue.record(error) }
    }
  }
}
