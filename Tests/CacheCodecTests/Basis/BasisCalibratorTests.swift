import KVCacheModel
import SpectralTransform
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct BasisCalibratorTests {
  /// The same texts give the same basis; texts' order changes rounding only, so components stay.
  @Test func itIsRepeatable() throws {
    #expect(try BasisCases.basis() == BasisCases.basis())
    let (one, other) = (try BasisCases.basis(seeds: [11, 12]), try BasisCases.basis(seeds: [12, 11]))
    #expect(one.keys.map(\.components) == other.keys.map(\.components))
    #expect(one.calibration.texts.map(\.name) == ["text 11", "text 12"] && one.calibration.tokens == 192)
  }

  /// Of features that move in 3 directions only, 3 components survive, and they span those directions.
  @Test func itFindsTheDirections() throws {
    var generator = RepeatableGenerator(seed: 5)
    func noise() -> Float { Float.random(in: -1...1, using: &generator) }
    let directions = (0..<3).map { _ in (0..<16).map { _ in noise() } }
    var calibrator = BasisCalibrator()
    calibrator.finestError = 0.003
    for text in 0..<3 {
      var cache = SyntheticCache.make(
        layers: 1, kvHeads: 1, groupSize: 1, tokens: 200, headDim: 16, probe: 4, elementType: .float32, pairing: .none)
      // Each text has a mean of its own, which must not count as a direction.
      let mean = (0..<16).map { _ in 2 * noise() }
      let values = (0..<200).flatMap { _ -> [Float] in
        let signals = (0..<3).map { _ in noise() }
        return (0..<16).map { d in mean[d] + (0..<3).reduce(Float(0)) { $0 + signals[$1] * directions[$1][d] } }
      }
      cache.values = [CacheTensor(values: values, kvHeads: 1, tokens: 200, headDim: 16, elementType: .float32)]
      try calibrator.add(cache, name: "text \(text)")
    }
    let part = try calibrator.basis(writer: "test").values[0]
    #expect(part.components == 3)
    let vectors = part.basis.vectors()
    for direction in directions {
      let length = direction.reduce(0) { $0 + $1 * $1 }
      let inside = (0..<3).reduce(Float(0)) { sum, j in
        let dot = (0..<16).reduce(Float(0)) { $0 + vectors[j * 16 + $1] * direction[$1] }
        return sum + dot * dot
      }
      // Elements are quantised with at most 1/√n of a quarter of the reference step over a deviation of several steps.
      #expect(inside / length > 0.999)
    }
  }

  /// Only neighbours that attend alike share a basis.
  @Test func slidingWindowsHaveGroupsOfTheirOwn() throws {
    let basis = try BasisCases.basis(groupLayers: 4, slidingWindow: 32)
    #expect(basis.groups.map(\.count) == [1, 1, 1, 1])
    #expect(basis.fits(BasisCases.cache(seed: 3, tokens: 64, slidingWindow: 32).description.geometry))
  }

  /// A coarser reference keeps fewer components.
  @Test func coarserErrorsKeepLess() throws {
    let counts = try [0.003, 0.03, 0.3, 3].map { error -> Int in
      var calibrator = BasisCalibrator()
      calibrator.finestError = error
      try calibrator.add(BasisCases.cache(seed: 11), name: "text")
      return try calibrator.basis(writer: "test").keys.reduce(0) { $0 + $1.components }
    }
    #expect(counts == counts.sorted(by: >) && Set(counts).count == 4)
  }

  @Test func cachesThatCannotBeLearnedFrom() throws {
    var calibrator = BasisCalibrator()
    #expect(throws: CodecError.unsuitable("a basis needs texts of more than 4 tokens")) {
      try calibrator.basis(writer: "test")
    }
    #expect(throws: CodecError.unsuitable("a basis is learned from caches with probe queries, this one has none")) {
      try calibrator.add(BasisCases.cache(seed: 1, probe: 0), name: "text")
    }
    try calibrator.add(BasisCases.cache(seed: 1, tokens: 4), name: "text")
    #expect(throws: CodecError.unsuitable("a basis needs texts of more than 4 tokens")) {
      try calibrator.basis(writer: "test")
    }
    #expect(throws: CodecError.unsuitable("the cache is of another shape than those before it")) {
      try calibrator.add(BasisCases.cache(seed: 1, layers: 5), name: "text")
    }
    var other = BasisCases.cache(seed: 1)
    other.description.model.fingerprint = "ff"
    #expect(throws: CodecError.basisOfOtherModel(basis: "made up (0123abcd)", cache: "made up (ff)")) {
      try calibrator.add(other, name: "text")
    }
    var broken = BasisCases.cache(seed: 1)
    for index in 0..<broken.values[2].bytes.count { broken.values[2].bytes[index] = 0x7E }
    try calibrator.add(broken, name: "text")
    #expect(throws: CodecError.self) { try calibrator.basis(writer: "test") }
  }
}
