import FKVFormat
import FileIO
import Foundation
import KVCacheModel
import SpectralTransform
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct ModelBasisFileTests {
  private let scratch = ScratchFolder()

  private func bytes(_ name: String) throws -> [UInt8] {
    let file = try FileReader(path: scratch.file(name))
    return try file.read(at: 0, count: file.byteCount)
  }

  @Test(arguments: [1, 2, 3, 4, nil]) func whatIsWrittenIsRead(groupLayers: Int?) throws {
    let basis = try BasisCases.basis(groupLayers: groupLayers)
    let written = try ModelBasisFile.write(basis, to: scratch.file("m.fkvbasis"))
    let read = try ModelBasisFile.read(scratch.file("m.fkvbasis"))
    #expect(read == written)
    #expect(try read.fileBytes == bytes("m.fkvbasis").count)
    #expect(read.hash.count == 16)
    #expect(try read.hash == ModelBasisFile.hash(scratch.file("m.fkvbasis")))
    var named = basis
    (named.hash, named.fileBytes) = (read.hash, read.fileBytes)
    #expect(read == named)
    #expect(read.groups.map(\.count) == [1: [1, 1, 1, 1], 2: [2, 2], 3: [3, 1], 4: [4]][groupLayers ?? 4])
    #expect(scratch.names == ["m.fkvbasis"])
  }

  /// Groups without a single reflector, and a header without texts or settings.
  @Test func theSmallestBasis() throws {
    let shape = LayerGeometry(kvHeads: 1, queryHeads: 1, headDim: 1, tokens: 0)
    let part = ModelBasis.Part(weights: [2], basis: QuantisedBasis(dimension: 1, integers: []))
    let one = ModelBasis.Part(weights: [1e-30], basis: QuantisedBasis(dimension: 1, integers: [[-3]]))
    let basis = ModelBasis(
      model: ModelIdentity(name: "", architecture: "", fingerprint: ""),
      groups: [LayerGroup(firstLayer: 0, count: 1, shape: shape)], keys: [part], values: [one],
      calibration: ModelBasis.Calibration(texts: [], settings: [], writer: ""))
    let written = try ModelBasisFile.write(basis, to: scratch.file("s.fkvbasis"))
    #expect(try ModelBasisFile.read(scratch.file("s.fkvbasis")) == written)
  }

  @Test func theSameBasisIsTheSameFile() throws {
    for name in ["a", "b"] { _ = try ModelBasisFile.write(BasisCases.basis(), to: scratch.file(name)) }
    #expect(try bytes("a") == bytes("b"))
    _ = try ModelBasisFile.write(BasisCases.basis(seeds: [11, 13]), to: scratch.file("c"))
    #expect(try ModelBasisFile.hash(scratch.file("a")) != ModelBasisFile.hash(scratch.file("c")))
  }

  /// The hash covers the numbers of a basis, not only the header.
  @Test func oneIntegerChangesTheHash() throws {
    var basis = try BasisCases.basis()
    let before = try ModelBasisFile.write(basis, to: scratch.file("a")).hash
    var integers = basis.values[1].basis.integers
    integers[0][3] += 1
    basis.values[1].basis = QuantisedBasis(dimension: basis.values[1].basis.dimension, integers: integers)
    #expect(try ModelBasisFile.write(basis, to: scratch.file("b")).hash != before)
  }

  /// Each kind of file refuses to be taken for the other.
  @Test func basisFilesAreNoCaches() throws {
    let written = try ModelBasisFile.write(BasisCases.basis(), to: scratch.file("m.fkvbasis"))
    #expect(throws: CodecError.isBasisFile) { try FKVCache(path: scratch.file("m.fkvbasis")) }
    try BasisCases.encode(BasisCases.cache(seed: 1), basis: written, to: scratch.file("c.fkv"))
    #expect(throws: CodecError.notBasisFile) { try ModelBasisFile.read(scratch.file("c.fkv")) }
    #expect(throws: CodecError.notBasisFile) { try ModelBasisFile.hash(scratch.file("c.fkv")) }
  }
}
