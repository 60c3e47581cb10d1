import CacheCodec
import FourierKV
import TestSupport
import Testing

@Suite struct CacheAccessTests {
  private let cache = SyntheticCache.make(layers: 3, tokens: 300)

  /// A file that needs a basis says which, whatever is asked of it; the right one opens it.
  @Test func basesAreAskedFor() throws {
    var calibrator = BasisCalibrator()
    try calibrator.add(cache, name: "text")
    let scratch = ScratchFolder()
    let basis = try ModelBasisFile.write(try calibrator.basis(writer: "test"), to: scratch.file("b"))
    var parameters = SpectralParameters()
    (parameters.rate, parameters.basis) = (.step(0.1), .model)
    let bytes = try CacheCoding(.spectral(parameters), basis: basis).encode(cache)
    let access = CacheAccess(basis: try ModelBasis(file: scratch.file("b")))
    #expect(try StoredCache(bytes: bytes, access: access).decoded().keys.count == 3)
    let closed = try StoredCache(bytes: bytes)
    #expect(closed.description.geometry == cache.description.geometry)
    #expect(throws: CodecError.basisNeeded(hash: basis.hash)) { try closed.decoded() }
    #expect(throws: CodecError.basisNeeded(hash: basis.hash)) { try closed.tensor(.key, layer: 0) }
    var other = basis
    other.hash = "0"
    #expect(throws: CodecError.wrongBasis(needed: basis.hash, found: "0")) {
      try StoredCache(bytes: bytes, access: CacheAccess(basis: other))
    }
  }
}
