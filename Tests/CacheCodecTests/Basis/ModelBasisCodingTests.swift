import FKVFormat
import FileIO
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

/// Caches that are coded with a basis file.
@Suite struct ModelBasisCodingTests {
  private let scratch = ScratchFolder()
  private let basis: ModelBasis
  private let cache = BasisCases.cache(seed: 21, tokens: 130)

  init() throws { basis = try ModelBasisFile.write(BasisCases.basis(), to: scratch.file("m.fkvbasis")) }

  /// The error that a reader finds is the one that was measured while writing: encoder and decoder agree on the basis.
  @Test func aFileIsReadWithItsBasis() throws {
    let outcome = try BasisCases.encode(cache, basis: basis, to: scratch.file("c.fkv"))
    let read = try ModelBasisFile.read(scratch.file("m.fkvbasis"))
    var asked: [String?] = []
    let file = try FKVCache(path: scratch.file("c.fkv")) {
      asked.append($0.basisHash)
      return read
    }
    #expect(asked == [basis.hash] && file.header.basisBytes == basis.fileBytes)
    #expect(file.header.groupSizes == [2, 2])
    let again = CacheEncoder(.lossless, writer: "test")
    let restored = try file.decodeAll()
    _ = try again.encode(restored, to: scratch.file("l.fkv"))
    let stored = try #require(outcome.storedError)
    #expect(stored.errors.mean > 0 && stored.errors.mean < 0.1)
    // Exact rows come back bit for bit.
    for layer in 0..<4 {
      for kind in CacheKind.allCases {
        let (full, back) = (cache.tensor(kind, layer: layer), restored.tensor(kind, layer: layer))
        for head in 0..<2 {
          let rows = head * 130 * 8 * 2..<(head * 130 + 4) * 8 * 2
          #expect(full.bytes[rows] == back.bytes[rows])
        }
      }
    }
  }

  /// Steps far below those that the basis was trimmed for still lead to the cache: the complement codes what is left.
  @Test func trimmedBasesReachSmallErrors() throws {
    #expect(basis.keys.contains { $0.components < 32 })
    let errors = try [0.2, 0.02, 0.002].map { step in
      try #require(BasisCases.encode(cache, basis: basis, to: scratch.file("c.fkv"), step: step).storedError).errors
        .mean
    }
    #expect(errors[1] < errors[0] / 3 && errors[2] < errors[1] / 3)
  }

  @Test func bytesAreTheSameAgain() throws {
    for name in ["a", "b"] {
      try BasisCases.encode(cache, basis: ModelBasisFile.read(scratch.file("m.fkvbasis")), to: scratch.file(name))
    }
    let files = try ["a", "b"].map { name in
      let file = try FileReader(path: scratch.file(name))
      return try file.read(at: 0, count: file.byteCount)
    }
    #expect(files[0] == files[1])
  }

  /// Without its basis a file can be summed up and not decoded.
  @Test func withoutTheBasis() throws {
    try BasisCases.encode(cache, basis: basis, to: scratch.file("c.fkv"))
    let file = try FKVCache(path: scratch.file("c.fkv"))
    #expect(try file.summary(.key, group: 1).fileBytes > 0)
    for layer in [0, 3] {
      #expect(throws: CodecError.basisNeeded(hash: basis.hash)) { try file.tensor(.key, layer: layer) }
    }
    #expect(throws: CodecError.basisNeeded(hash: basis.hash)) { try file.decodeAll() }
  }

  @Test func anotherBasis() throws {
    try BasisCases.encode(cache, basis: basis, to: scratch.file("c.fkv"))
    let other = try ModelBasisFile.write(BasisCases.basis(seeds: [13]), to: scratch.file("o.fkvbasis"))
    #expect(throws: CodecError.wrongBasis(needed: basis.hash, found: other.hash)) {
      try FKVCache(path: scratch.file("c.fkv")) { _ in other }
    }
    // The right hash on groups that the header does not have.
    var forged = try ModelBasisFile.write(BasisCases.basis(groupLayers: 1), to: scratch.file("o.fkvbasis"))
    forged.hash = basis.hash
    #expect(throws: CodecError.unsuitable("the basis file is of another shape than the cache")) {
      try FKVCache(path: scratch.file("c.fkv")) { _ in forged }
    }
  }

  @Test func cachesThatTheBasisDoesNotFit() throws {
    var other = cache
    other.description.model.fingerprint = "ff"
    #expect(throws: CodecError.basisOfOtherModel(basis: "made up (0123abcd)", cache: "made up (ff)")) {
      try BasisCases.encode(other, basis: basis, to: scratch.file("c.fkv"))
    }
    for shape in [BasisCases.cache(seed: 1, layers: 3), BasisCases.cache(seed: 1, headDim: 4)] {
      #expect(throws: CodecError.unsuitable("the basis file was made for a cache of another shape")) {
        try BasisCases.encode(shape, basis: basis, to: scratch.file("c.fkv"))
      }
    }
    #expect(throws: CodecError.unsuitable("no basis file was given")) {
      try BasisCases.encode(cache, basis: nil, to: scratch.file("c.fkv"))
    }
    // A model that is not known may be any.
    other.description.model.fingerprint = ""
    try BasisCases.encode(other, basis: basis, to: scratch.file("c.fkv"))
    #expect(scratch.names == ["c.fkv", "m.fkvbasis"])
  }

  /// Hashes become parts of paths, so nothing but their digits is let through.
  @Test func hashesThatCannotBe() throws {
    try BasisCases.encode(cache, basis: basis, to: scratch.file("c.fkv"))
    var header = try FKVCache(path: scratch.file("c.fkv")).header
    for hash in ["", "../../../../etc/pw", "0123456789ABCDEF", "0123456789abcde", "0123456789abcdef0"] {
      header.basisHash = hash
      #expect(throws: FormatError.self, "\(hash)") {
        try CacheHeader(parsing: RecordReader(parsing: header.record.encoded, name: "header"))
      }
    }
  }
}
