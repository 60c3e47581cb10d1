import FKVFormat
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct SpectralCodingTests {
  private static let coding = SpectralCoding(
    steps: SpectralSteps(key: 0.3, value: 1e-3), window: 7, windowCoding: .lossless, segmentTokens: 48)

  private func parsed(_ edit: (inout RecordWriter) -> Void = { _ in }, from coding: SpectralCoding? = coding) throws
    -> SpectralCoding
  {
    var record = coding?.record ?? RecordWriter()
    edit(&record)
    return try SpectralCoding(parsing: RecordReader(parsing: record.encoded, name: "spectral"))
  }

  @Test func everythingComesBack() throws {
    #expect(try parsed() == Self.coding)
    var automatic = Self.coding
    (automatic.window, automatic.windowCoding) = (nil, .fine)
    #expect(try parsed(from: automatic) == automatic)
    // Files of the first version of the text lack the factors, which were those of `fine`.
    let record = try RecordReader(parsing: automatic.record.encoded, name: "spectral")
    #expect(try [6, 7, 8].allSatisfy { try record.ifPresent($0, record.f32) == nil })
    automatic.windowSteps = .even
    #expect(try parsed(from: automatic) == automatic)
    automatic.windowSteps = WindowSteps(earlier: 1, latestKeys: 0.125, latestValues: 0x1p-20)
    #expect(try parsed(from: automatic) == automatic)
  }

  @Test func theHeaderHoldsIt() throws {
    var header = CacheHeader(
      description: SyntheticCache.make(withTokens: false).description, profile: .spectral, settings: [], writer: "",
      storedError: nil, groupSizes: [1, 1], spectralCoding: Self.coding)
    header.description.probeQueries = 0
    let record = try RecordReader(parsing: header.record.encoded, name: "header")
    #expect(try CacheHeader(parsing: record) == header)
  }

  @Test func numbersThatCannotBe() {
    func expect(_ coding: SpectralCoding, _ tag: FieldTag, _ found: String) {
      let error = #expect(throws: FormatError.self) { try parsed(from: coding) }
      guard case .fieldValue(record: "spectral", tag: tag, offset: _, found: found, legal: _)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
    for bad: Float in [0, -1, .nan, .infinity] {
      var coding = Self.coding
      coding.steps.key = bad
      expect(coding, 1, "\(bad)")
      coding = Self.coding
      coding.steps.value = bad
      expect(coding, 2, "\(bad)")
    }
    for bad: Float in [0, -0.5, 1.001, 0x1p-21, .nan, .infinity] {
      for (tag, factor) in [(FieldTag(6), \WindowSteps.earlier), (7, \.latestKeys), (8, \.latestValues)] {
        var coding = Self.coding
        coding.windowSteps[keyPath: factor] = bad
        expect(coding, tag, "\(bad)")
      }
    }
    var coding = Self.coding
    coding.segmentTokens = 0
    expect(coding, 5, "0")
  }

  @Test func missingFieldsAndUnknownCodes() {
    #expect(throws: FormatError.missingField(record: "spectral", tag: 4, offset: 0)) {
      try parsed({ $0.f32(1, 1) }, from: nil)
    }
    let error = #expect(throws: FormatError.self) { try parsed({ $0.u8(4, 2) }, from: nil) }
    guard
      case .fieldValue(record: "spectral", tag: 4, offset: 0, found: "2", legal: "0 (fine) or 1 (lossless)")? = error
    else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
