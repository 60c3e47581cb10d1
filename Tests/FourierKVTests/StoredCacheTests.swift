import FourierKV
import TestSupport
import Testing

/// The library through its own door: this file imports nothing else of the product.
@Suite struct StoredCacheTests {
  private let cache = SyntheticCache.make(layers: 3, tokens: 300)

  private func spectral(step: Double = 0.05) -> CacheCoding {
    var parameters = SpectralParameters()
    parameters.rate = .step(step)
    parameters.segmentTokens = 64
    return CacheCoding(.spectral(parameters))
  }

  @Test func losslessBytesGiveTheSameCache() throws {
    let bytes = try CacheCoding(.lossless).encode(cache)
    let stored = try StoredCache(bytes: bytes)
    #expect(
      stored.description.geometry == cache.description.geometry && stored.description.tokens == cache.description.tokens
    )
    #expect(stored.profile == .lossless && stored.fileBytes == bytes.count && stored.ratio > 0)
    let decoded = try stored.decoded()
    #expect(decoded.keys == cache.keys && decoded.values == cache.values)
    #expect(try stored.tensor(.value, layer: 2) == cache.values[2] && stored.probeQueries(layer: 0) == nil)
  }

  /// Whole, by layer and by tokens: the same numbers.
  @Test func partsAreThoseOfTheWhole() throws {
    for coding in [CacheCoding(.lossless), CacheCoding(.fourier(FourierParameters())), spectral()] {
      let stored = try StoredCache(bytes: try coding.encode(cache))
      let whole = try stored.decoded()
      for kind in CacheKind.allCases {
        for layer in 0..<3 {
          let tensor = whole.tensor(kind, layer: layer)
          #expect(try stored.tensor(kind, layer: layer) == tensor)
          for tokens in [0..<300, 0..<1, 63..<66, 299..<300, 120..<120] {
            #expect(try stored.tensor(kind, layer: layer, tokens: tokens) == tensor.rows(tokens), "\(tokens)")
          }
        }
      }
    }
  }

  @Test func filesAndCaptures() throws {
    let scratch = ScratchFolder()
    let capture = scratch.file("c.safetensors")
    try cache.writeCapture(to: capture)
    let opened = try StoredCache(path: capture)
    #expect(opened.profile == nil && opened.storedError == nil)
    let decoded = try opened.decoded()
    #expect(decoded.keys == cache.keys && decoded.queries == cache.queries)
    #expect(try opened.tensor(.key, layer: 1, tokens: 5..<9) == cache.keys[1].rows(5..<9))
    // From a file to a file, with the error that is measured on the way.
    let count = try spectral().write(opened, to: scratch.file("c.fkv"))
    let stored = try StoredCache(path: scratch.file("c.fkv"))
    #expect(stored.fileBytes == count && stored.profile == .spectral)
    let comparison = try CacheComparison(of: stored, with: opened)
    let error = try #require(stored.storedError)
    #expect(abs(comparison.attention.mean - error.errors.mean) <= 1e-6 && comparison.keyError > 0)
  }

  @Test func encryptedFilesNeedTheirKey() throws {
    var coding = CacheCoding(.lossless)
    coding.key = FileKey(bytes: [UInt8](repeating: 7, count: FileKey.byteCount))
    let bytes = try coding.encode(cache)
    #expect(throws: (any Error).self) { try StoredCache(bytes: bytes) }
    #expect(try StoredCache(bytes: bytes, access: CacheAccess(key: coding.key)).decoded().keys == cache.keys)
  }

  /// Wrong parameters throw; nothing traps.
  @Test func whatCannotBeAskedFor() throws {
    let stored = try StoredCache(bytes: try CacheCoding(.lossless).encode(cache))
    for layer in [-1, 3, .max, .min] {
      #expect(throws: CacheRangeError.layer(layer, count: 3)) { try stored.tensor(.key, layer: layer) }
      #expect(throws: CacheRangeError.layer(layer, count: 3)) { try stored.probeQueries(layer: layer) }
    }
    for tokens in [-1..<3, 0..<301, 301..<301, Int.min..<Int.max] {
      #expect(throws: CacheRangeError.tokens(tokens, count: 300)) { try stored.tensor(.key, layer: 0, tokens: tokens) }
    }
    for bytes in [[], [0x89], [0x89, 0x46, 0x4B, 0x56], Array("not a cache at all".utf8)] as [[UInt8]] {
      #expect(throws: (any Error).self) { try StoredCache(bytes: bytes) }
    }
  }

  @Test func spectralSettingsThatNoFileCanHave() {
    let changes: [(inout SpectralParameters) -> Void] = [
      { $0.rate = .step(0) }, { $0.rate = .step(-1) }, { $0.rate = .step(.nan) }, { $0.rate = .ratio(.infinity) },
      { $0.rate = .targetError(0) }, { $0.groupLayers = 0 }, { $0.groupLayers = -3 }, { $0.blockLength = 0 },
      { $0.blockLength = 1025 }, { $0.segmentTokens = 0 }, { $0.segmentTokens = 17 }, { $0.sinks = -1 },
      { $0.window = -1 }, { $0.exactFraction = -0.1 }, { $0.exactFraction = .nan }, { $0.basis = .model },
    ]
    for (index, change) in changes.enumerated() {
      var parameters = SpectralParameters()
      change(&parameters)
      #expect(throws: (any Error).self, "\(index)") { try CacheCoding(.spectral(parameters)).encode(cache) }
    }
  }

  @Test func fourierSettingsThatNoFileCanHave() {
    let changes: [(inout FourierParameters) -> Void] = [
      { $0.sinks = -1 }, { $0.window = -1 }, { $0.states = 0 }, { $0.states = 7 }, { $0.keyFraction = 1.1 },
      { $0.valueFraction = .nan }, { $0.period = 0 }, { $0.period = .max }, { $0.coefficientType = .bfloat16 },
    ]
    for (index, change) in changes.enumerated() {
      var parameters = FourierParameters()
      change(&parameters)
      #expect(throws: (any Error).self, "\(index)") { try CacheCoding(.fourier(parameters)).encode(cache) }
    }
  }
}
