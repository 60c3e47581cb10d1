import CacheCodec
import FKVFormat
import Foundation
import KVCacheModel
import TestSupport
import Testing

/// Caches in encrypted files: the same contents, whatever profile.
@Suite struct EncryptedCacheTests {
  private let scratch = ScratchFolder()
  private static let key = FileKey(bytes: [UInt8](repeating: 3, count: 32))!
  private static let cache = SyntheticCache.make(layers: 3, tokens: 60, headDim: 8, probe: 3)

  private static var methods: [CacheEncoder.Method] {
    var (fourier, spectral) = (FourierParameters(), SpectralParameters())
    (fourier.window, fourier.coefficientType, fourier.period) = (8, .float32, 200)
    (spectral.window, spectral.rate) = (8, .step(0.2))
    return [.lossless, .fourier(fourier), .spectral(spectral)]
  }

  private func encode(_ method: CacheEncoder.Method, _ name: String, _ key: FileKey?, _ cache: MemoryCache = cache)
    throws
    -> CacheEncoder.Outcome
  {
    var encoder = CacheEncoder(method, writer: "test")
    encoder.key = key
    return try encoder.encode(cache, to: scratch.file(name))
  }

  private func open(_ name: String, _ key: FileKey? = key) throws -> FKVCache {
    try FKVCache(path: scratch.file(name), key: key)
  }

  @Test(arguments: 0..<3) func theContentsAreTheSame(method: Int) throws {
    let method = Self.methods[method]
    let plain = try encode(method, "p.fkv", nil)
    let closed = try encode(method, "e.fkv", Self.key)
    #expect(plain.storedError == closed.storedError)
    let (a, b) = (try open("p.fkv", nil), try open("e.fkv"))
    #expect(a.description == b.description && a.header.settings == b.header.settings)
    let (x, y) = (try a.decodeAll(), try b.decodeAll())
    #expect(x.keys == y.keys && x.values == y.values)
    // A seal more: prefix, row, 48 bytes and 16 for each section.
    #expect(closed.fileBytes == plain.fileBytes + 48 + 56 + 48 + 16 * b.reader.sections.count)
    #expect(keyIsNeeded("e.fkv"))
    #expect(try b.reader.verifyAll() == [])
  }

  /// Extending keeps the file encrypted, under another salt, and gives what extending a plain file gives.
  @Test(arguments: 0..<3) func extending(method: Int) throws {
    let method = Self.methods[method]
    for (name, key) in [("p.fkv", nil), ("e.fkv", Self.key)] as [(String, FileKey?)] {
      _ = try encode(method, name, key, Self.cache.positions(0..<40))
      let salt = try self.salt(name)
      for range in [40..<50, 50..<60] {
        let extender = try CacheExtender(open(name), with: Self.cache.positions(range), writer: "test")
        _ = try extender.write(to: scratch.file(name))
      }
      if key != nil { #expect(try self.salt(name) != salt) }
    }
    let (x, y) = (try open("p.fkv", nil).decodeAll(), try open("e.fkv").decodeAll())
    #expect(x.keys == y.keys && x.values == y.values && x.description == y.description)
    #expect(try open("e.fkv").reader.key != nil)
    _ = try open("e.fkv").write(storedError: nil, to: scratch.file("f.fkv"))
    #expect(try open("f.fkv").decodeAll().keys == y.keys)
    #expect(keyIsNeeded("f.fkv"))
  }

  /// The seal is counted where a ratio is to be met: within what the search allows for a plain file.
  @Test func aRatioCountsTheSeal() throws {
    var parameters = SpectralParameters()
    (parameters.window, parameters.rate) = (8, .ratio(2.5))
    let cache = SyntheticCache.make(layers: 4, tokens: 300, headDim: 16, probe: 3)
    let outcome = try encode(.spectral(parameters), "e.fkv", Self.key, cache)
    let (raw, file) = (Double(2 * cache.description.geometry.elementCount), Double(outcome.fileBytes))
    #expect(abs(raw / file / 2.5 - 1) < 0.03)
  }

  /// 0 tokens, and layers without any.
  @Test func emptyCaches() throws {
    _ = try encode(.lossless, "e.fkv", Self.key, SyntheticCache.make(tokens: 0, probe: 0))
    #expect(try open("e.fkv").decodeAll().keys.allSatisfy { $0.bytes.isEmpty })
  }

  private func keyIsNeeded(_ name: String) -> Bool {
    do { _ = try open(name, nil) } catch { return (error as? FormatError)?.code == .keyNeeded }
    return false
  }

  private func salt(_ name: String) throws -> ArraySlice<UInt8> {
    let bytes = Array(try #require(FileManager.default.contents(atPath: scratch.file(name))))
    // A plain file has no seal; its bytes are no salt, and nothing is compared.
    guard bytes[12] == 1 else { return [] }
    let seal = try #require(try open(name).reader.section(.seal))
    return bytes[seal.payloadOffset..<seal.payloadOffset + 32]
  }
}
