import CacheCodec
import KVCacheModel
import TestSupport
import Testing

/// Which rows each profile codes coarsest.
@Suite struct MiddleTests {
  private let scratch = ScratchFolder()

  private func middles(_ cache: MemoryCache, _ method: CacheEncoder.Method) throws -> [[Range<Int>]] {
    _ = try CacheEncoder(method, writer: "").encode(cache, to: scratch.file("c.fkv"))
    let file = try FKVCache(path: scratch.file("c.fkv"))
    return try cache.description.geometry.layers.indices.map { layer in
      try CacheKind.allCases.map { try file.middle($0, layer: layer) }
    }
  }

  private func spectral(_ edit: (inout SpectralParameters) -> Void) -> CacheEncoder.Method {
    var parameters = SpectralParameters()
    parameters.rate = .step(0.2)
    edit(&parameters)
    return .spectral(parameters)
  }

  @Test func losslessHasAllRows() throws {
    let cache = SyntheticCache.make(tokens: 30, slidingWindow: 8)
    #expect(try middles(cache, .lossless) == [[0..<30, 0..<30], [0..<8, 0..<8]])
  }

  @Test func fourierHasWhatSpectraStandFor() throws {
    var parameters = FourierParameters()
    (parameters.sinks, parameters.window) = (3, 5)
    let cache = SyntheticCache.make(tokens: 30, slidingWindow: 12)
    #expect(try middles(cache, .fourier(parameters)) == [[3..<25, 3..<25], [3..<7, 3..<7]])
    // No middle is left: everything is exact.
    parameters.window = 40
    #expect(try middles(cache, .fourier(parameters)) == [[0..<30, 0..<30], [0..<12, 0..<12]])
  }

  @Test func spectralHasTheSegmentsOfTheLargestStep() throws {
    let cache = SyntheticCache.make(tokens: 100)
    let method = spectral {
      $0.sinks = 4
      $0.window = 32
      $0.segmentTokens = 16
    }
    #expect(try middles(cache, method) == Array(repeating: [4..<68, 4..<68], count: 2))
    // A window over everything has two steps; its first part has the larger one.
    let window = spectral { $0.window = 100 }
    #expect(try middles(cache, window).allSatisfy { $0.allSatisfy { $0.lowerBound == 4 && $0.upperBound < 100 } })
    // Nothing is coded at all.
    #expect(try middles(cache, spectral { $0.sinks = 100 }) == Array(repeating: [0..<100, 0..<100], count: 2))
  }

  @Test func aLayerWithoutTokensHasNone() throws {
    var cache = SyntheticCache.make(tokens: 20, slidingWindow: 8)
    cache = cache.positions(0..<12)
    let held = cache.description.geometry.layers.map(\.tokens)
    #expect(held == [12, 0])
    #expect(try middles(cache, .lossless)[1] == [0..<0, 0..<0])
  }
}
