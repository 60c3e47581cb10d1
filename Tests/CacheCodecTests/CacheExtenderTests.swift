import FKVFormat
import FileIO
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct CacheExtenderTests {
  private let files = ExtendedFiles()
  private static let full = SyntheticCache.make(
    layers: 3, kvHeads: 2, groupSize: 2, tokens: 71, headDim: 6, elementType: .float32)

  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var method: CacheEncoder.Method
  }

  static let spectral = [
    Case(testDescription: "fine window", method: ExtendedFiles.spectral()),
    Case(testDescription: "automatic window", method: ExtendedFiles.spectral(window: nil)),
    Case(testDescription: "no window, no sinks", method: ExtendedFiles.spectral(sinks: 0, window: 0)),
    Case(testDescription: "lossless window", method: ExtendedFiles.spectral(coding: .lossless)),
    Case(testDescription: "no basis", method: ExtendedFiles.spectral(basis: .none)),
    Case(testDescription: "exact features", method: ExtendedFiles.spectral(exact: 0.3)),
    Case(testDescription: "even window", method: ExtendedFiles.spectral(windowSteps: .even)),
    Case(testDescription: "coarse", method: ExtendedFiles.spectral(step: 3)),
  ]
  static let copied = spectral + [Case(testDescription: "lossless", method: .lossless)]

  /// What the file holds is copied: the same sections with the same bytes, and the same bits when decoded. Frames with
  /// exact rows of a window are the exception.
  @Test(arguments: copied) func oldTokensStayAsTheyAre(test: Case) throws {
    try files.make(Self.full.positions(0..<41), test.method)
    let (sections, before) = (try files.sections(), try files.decoded())
    try files.extend(by: Self.full)
    let (longer, after) = (try files.sections(), try files.decoded())
    for section in sections {
      let match = try #require(longer.first { $0.entry.id == section.entry.id })
      let isLongerFrame =
        test.testDescription == "lossless window"
        && [.spectralKeyFrame, .spectralValueFrame].contains(section.entry.kind)
      #expect((match.payload == section.payload) != isLongerFrame)
      #expect(match.entry.tokens == section.entry.tokens && match.entry.flags == section.entry.flags)
      if !isLongerFrame { #expect(match.entry.hash == section.entry.hash) }
    }
    #expect(longer.count > sections.count || test.testDescription == "lossless window")
    for layer in 0..<3 {
      #expect(after.keys[layer].rows(0..<41) == before.keys[layer])
      #expect(after.values[layer].rows(0..<41) == before.values[layer])
    }
  }

  /// Rows far larger than those that a file's fine steps were made for are kept bit for bit.
  @Test func rowsTooLargeForTheSteps() throws {
    try files.make(Self.full.positions(0..<41), ExtendedFiles.spectral(step: 1e-3))
    var addition = Self.full
    for layer in 0..<3 {
      addition.values[layer].store(addition.values[layer].floats().map { $0 * 1e5 }, at: 0)
    }
    try files.extend(by: addition)
    let after = try files.decoded()
    for layer in 0..<3 { #expect(after.values[layer].rows(41..<71) == addition.values[layer].rows(41..<71)) }
  }

  @Test(arguments: copied) func theHeaderGrows(test: Case) throws {
    try files.make(Self.full.positions(0..<41), test.method)
    let old = try FKVCache(path: files.path)
    let outcome = try files.extend(by: Self.full)
    let file = try FKVCache(path: files.path)
    var expected = Self.full.description
    expected.probeQueries = 0
    #expect(file.description == expected)
    #expect(file.header.writer == "test 2" && file.header.storedError == nil)
    #expect(file.header.settings == old.header.settings && file.header.profile == old.header.profile)
    #expect(file.header.spectralCoding == old.header.spectralCoding)
    #expect(outcome == CacheExtender.Outcome(fileBytes: file.reader.fileBytes, roundedCoefficients: false))
  }

  /// The new window is as fine as the file's own was made.
  @Test(arguments: [WindowSteps.fine, .even]) func theWindowGoesOnAsItBegan(steps: WindowSteps) throws {
    try files.make(Self.full.positions(0..<41), ExtendedFiles.spectral(window: 16, windowSteps: steps))
    try files.extend(by: Self.full)
    let coding = try #require(try FKVCache(path: files.path).header.spectralCoding)
    #expect(coding.windowSteps == steps)
    for kind in CacheKind.allCases {
      let segments = try files.sections().filter { $0.entry.kind == .spectralSegment(kind) && $0.entry.layer == 0 }
        .sorted { $0.entry.index < $1.entry.index }
      // Body, window and its end, of the first tokens and then of the new ones.
      let found = segments.map { section in
        Float(bitPattern: section.payload[4..<8].reversed().reduce(0) { $0 << 8 | UInt32($1) }) / coding.steps[kind]
      }
      let latest = kind == .key ? steps.latestKeys : steps.latestValues
      let expected = [1, 1, steps.earlier, latest, 1, steps.earlier, latest]
      #expect(found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(found)")
    }
  }

  @Test(arguments: ElementType.allCases) func losslessGivesEveryBitBack(type: ElementType) throws {
    let full = SyntheticCache.make(layers: 2, tokens: 33, headDim: 5, elementType: type)
    try files.make(full.positions(0..<20), .lossless)
    try files.extend(by: full)
    let restored = try files.decoded()
    #expect(restored.keys == full.keys && restored.values == full.values)
  }

  /// New rows lie within what their steps allow: an orthonormal basis and an orthonormal transform turn coefficients that
  /// are off by at most (½ + dead zone) steps into features that are off by as much in the 2-norm. No row of four blocks
  /// is dropped for its density. Exact features and rows are exact.
  @Test(arguments: spectral) func newTokensAreWithinTheStep(test: Case) throws {
    try files.make(Self.full.positions(0..<41), test.method)
    try files.extend(by: Self.full)
    let file = try FKVCache(path: files.path)
    let decoder = try #require(file.spectral)
    var checked = 0
    for (number, group) in decoder.groups.enumerated() {
      for kind in CacheKind.allCases {
        let opened = try decoder.open(kind, group: number)
        let restored = try decoder.tensors(kind, group: number)
        let original = group.layers.map { Self.full.tensor(kind, layer: $0) }
        for rows in opened.frame.exactRows {
          for (x, y) in zip(restored, original) { #expect(x.rows(rows) == y.rows(rows)) }
        }
        for entry in opened.segments where entry.tokens.lowerBound >= 41 {
          let head = try SpectralSegment.head(file.reader.payload(of: entry), group: group, place: "")
          let blocks = SpectralSegment.blocks(rows: entry.tokens.count, blockLength: 4)
          var (squares, energy) = (0.0, 0.0)
          for (layer, (x, y)) in zip(restored, original).enumerated() {
            let (a, b) = (x.rows(entry.tokens).floats(), y.rows(entry.tokens).floats())
            for i in a.indices {
              let weight = Double(opened.frame.weights[layer * 2 + i / (6 * entry.tokens.count)])
              squares += weight * weight * Double(a[i] - b[i]) * Double(a[i] - b[i])
              energy += weight * weight * Double(b[i]) * Double(b[i])
            }
          }
          let step = Double(head.step) * (0.5 + Double(SegmentTransform.deadZone))
          let bound = step * Double(4 * blocks * group.features).squareRoot()
          // Products over n features and N samples, forth and back, in Float.
          let rounding = energy.squareRoot() * 4 * Double(group.features + 4) * 0x1p-23
          #expect(squares.squareRoot() <= bound + rounding)
          checked += 1
        }
      }
    }
    #expect(checked > 0)
  }

  /// The window's share of new rows has the window's finer steps, the others the file's step.
  @Test func newRowsAreCutAsAFileIs() throws {
    try files.make(Self.full.positions(0..<41), ExtendedFiles.spectral(window: 16))
    try files.extend(by: Self.full)
    let file = try FKVCache(path: files.path)
    let coding = try #require(file.header.spectralCoding)
    #expect(coding.steps == SpectralSteps(key: 0.2, value: 0.2) && coding.window == 16 && coding.segmentTokens == 16)
    let group = try #require(file.spectral).groups[0]
    // Of the window's 16 rows the first block has its first step, the others its second.
    for (kind, factors) in [(CacheKind.key, [1, 0.25, 0.125]), (.value, [1, 0.25, 0.1])] as [(CacheKind, [Float])] {
      let segments = file.reader.sections(.spectralSegment(kind), layer: 0)
      #expect(segments.map(\.index) == Array(0..<segments.count))
      #expect(segments.suffix(3).map(\.tokens) == [41..<55, 55..<59, 59..<71])
      let steps = try segments.suffix(3).map {
        try SpectralSegment.head(file.reader.payload(of: $0), group: group, place: "").step
      }
      #expect(steps == factors.map { 0.2 * $0 })
    }
  }

  /// Extended many times by few tokens, nothing that was there changes.
  @Test(arguments: copied) func tenTimes(test: Case) throws {
    let ends = [20, 21, 23, 24, 28, 33, 34, 40, 52, 70, 71]
    try files.make(Self.full.positions(0..<20), test.method)
    for (start, end) in zip(ends, ends.dropFirst()) {
      let before = try files.decoded()
      try files.extend(by: Self.full.positions(start % 2 == 0 ? 0..<end : start..<end))
      let after = try files.decoded()
      #expect(after.description.geometry.tokens == end)
      #expect(after.description.tokens == Array(Self.full.description.tokens![..<end]))
      for layer in 0..<3 {
        #expect(after.keys[layer].rows(0..<start) == before.keys[layer])
        #expect(after.values[layer].rows(0..<start) == before.values[layer])
      }
    }
    if test.method == .lossless {
      let after = try files.decoded()
      #expect(after.keys == Self.full.keys && after.values == Self.full.values)
    }
    #expect(try FKVReader(path: files.path).verifyAll().isEmpty)
  }

  /// A cache of what follows gives the file that the longer cache gives.
  @Test(arguments: copied + [Case(testDescription: "fourier", method: ExtendedFiles.fourier(period: 80))])
  func aContinuationIsAsGood(test: Case) throws {
    try files.make(Self.full.positions(0..<41), test.method)
    let short = try files.bytes()
    try files.extend(by: Self.full)
    let longer = try files.bytes()
    for start in [1, 30, 41] {
      try Data(short).write(to: URL(fileURLWithPath: files.path))
      try files.extend(by: Self.full.positions(start..<71))
      #expect(try files.bytes() == longer)
    }
  }

  @Test func numbersThatAreNone() throws {
    for bad: Float in [.nan, .infinity] {
      var full = Self.full
      full.values[1].store([bad], at: 50 * 6)
      try files.make(Self.full.positions(0..<41), ExtendedFiles.spectral())
      let before = try files.bytes()
      let error = #expect(throws: CodecError.self) { try files.extend(by: full) }
      #expect(
        error
          == .unsuitable("layer 1 holds a NaN or infinity among its new values; only profile lossless takes those"))
      #expect(try files.bytes() == before && files.scratch.names == ["c.fkv"])
      try files.make(Self.full.positions(0..<41), .lossless)
      try files.extend(by: full)
      #expect(try files.decoded().values == full.values)
    }
  }

  /// A damaged section is not copied, and the file stays as it is.
  @Test func damageIsNotCarriedOn() throws {
    for method in [.lossless, ExtendedFiles.spectral(), ExtendedFiles.fourier(period: 80)] {
      try files.make(Self.full.positions(0..<41), method)
      let sections = try FKVReader(path: files.path).sections
      var bytes = try files.bytes()
      bytes[sections[sections.count / 2].payloadOffset] ^= 1
      try Data(bytes).write(to: URL(fileURLWithPath: files.path))
      #expect(throws: FormatError.self) { try files.extend(by: Self.full) }
      #expect(try files.bytes() == bytes && files.scratch.names == ["c.fkv"])
    }
  }
}
