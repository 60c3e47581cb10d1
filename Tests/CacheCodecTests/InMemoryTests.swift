import FileIO
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec
@testable import FKVFormat

/// Files that never are files: the bytes in memory are those that a file would have.
@Suite struct InMemoryTests {
  private static let methods: [CacheEncoder.Method] = [
    .lossless, .fourier(FourierParameters()), .spectral(SpectralParameters()), BasisCases.method(),
  ]

  @Test(arguments: methods.indices) func encodingGivesTheBytesOfTheFile(_ index: Int) throws {
    let method = Self.methods[index]
    let folder = ScratchFolder()
    let cache = BasisCases.cache(seed: 3)
    let basis = index == 3 ? try ModelBasisFile.write(BasisCases.basis(), to: MemoryDestination()) : nil
    var encoder = CacheEncoder(method, writer: "test")
    encoder.basis = basis
    let (bytes, outcome) = try encoder.encode(cache)
    let inFile = try encoder.encode(cache, to: folder.file("a.fkv"))
    #expect(outcome == inFile && outcome.fileBytes == bytes.count)
    #expect(try bytes == FileReader(path: folder.file("a.fkv")).read(at: 0, count: inFile.fileBytes))
    let fromMemory = try FKVCache(MemorySource(bytes), basis: { _ in basis }).decodeAll()
    let mapped = try FKVCache(MappedFile(path: folder.file("a.fkv")), basis: { _ in basis }).decodeAll()
    #expect(fromMemory.keys == mapped.keys && fromMemory.values == mapped.values)
    #expect(fromMemory.description == mapped.description)
  }

  /// A file names its basis by the hash of a basis file; a basis that was never written has none.
  @Test func aBasisWithoutAFileIsRefused() throws {
    var encoder = CacheEncoder(BasisCases.method(), writer: "test")
    encoder.basis = try BasisCases.basis()
    let memory = MemoryDestination()
    #expect(throws: CodecError.unsuitable("the basis was never written to a file, so that nothing can name it")) {
      try encoder.encode(BasisCases.cache(seed: 3), to: memory)
    }
    #expect(memory.bytes == nil)
  }

  @Test func aBasisInMemory() throws {
    let basis = try BasisCases.basis()
    let memory = MemoryDestination()
    let written = try ModelBasisFile.write(basis, to: memory)
    let read = try ModelBasisFile.read(MemorySource(memory.bytes!))
    #expect(read == written && read.hash == written.hash && read.fileBytes == memory.bytes!.count)
  }

  @Test func growingInMemory() throws {
    let cache = BasisCases.cache(seed: 3)
    let (bytes, _) = try CacheEncoder(.lossless, writer: "test").encode(cache)
    let short = try FKVCache(MemorySource(bytes))
    let extender = try CacheExtender(
      short, with: BasisCases.cache(seed: 3, tokens: 100), writer: "test", unchecked: true)
    let memory = MemoryDestination()
    let outcome = try extender.write(to: memory)
    let longer = try FKVCache(MemorySource(memory.bytes!))
    #expect(outcome.fileBytes == memory.bytes!.count && longer.description.geometry.tokens == 100)
    let again = MemoryDestination()
    #expect(try longer.write(storedError: nil, to: again) == again.bytes!.count)
  }

  /// Errors call memory by its name and give the place, as they do for a file.
  @Test func damageIsSaidOfMemory() throws {
    var (bytes, _) = try CacheEncoder(.lossless, writer: "test").encode(BasisCases.cache(seed: 3))
    bytes.removeLast(20)
    #expect(throws: FormatError.self) { try FKVCache(MemorySource(bytes)) }
    #expect(throws: FormatError.self) { try FKVReader(MemorySource([])) }
  }
}
