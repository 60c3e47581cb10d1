import FileIO
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec
@testable import FKVFormat

/// Adding a profile is adding one folder and a line to a table: everything that files can do, one that is added here can.
@Suite struct ProfileTableTests {
  private static let table = ProfileTable(ProfileTable.standard.entries + [.constant])
  private static let cache = SyntheticCache.make(
    layers: 2, kvHeads: 2, groupSize: 2, tokens: 12, headDim: 4, probe: 3, elementType: .float32)

  private func encoded() throws -> (bytes: [UInt8], outcome: CacheEncoder.Outcome) {
    let memory = MemoryDestination()
    let encoder = CacheEncoder(.lossless, writer: "test")
    let outcome = try encoder.encode(Self.cache, with: ConstantWriter(), to: memory)
    return (memory.bytes!, outcome)
  }

  private func opened(_ bytes: [UInt8], salvaging: Bool = false) throws -> FKVCache {
    try FKVCache(MemorySource(bytes), salvaging: salvaging, profiles: Self.table)
  }

  @Test func anAddedProfileIsEncodedAndDecoded() throws {
    let (bytes, outcome) = try encoded()
    let file = try opened(bytes)
    #expect(file.header.profile == .constant && file.header.settings == ["rows=1"])
    #expect(file.header.storedError == outcome.storedError && outcome.storedError != nil)
    for layer in 0..<2 {
      let (tensor, original) = (try file.tensor(.value, layer: layer), Self.cache.tensor(.value, layer: layer))
      #expect(tensor.tokens == 12 && (0..<12).allSatisfy { tensor.rows($0..<$0 + 1) == original.rows(0..<1) })
    }
    #expect(try file.decodeAll().keys[1] == file.tensor(.key, layer: 1))
    #expect(try file.rows(.key, group: 0, [3..<5])[0].tokens == 2)
    #expect(try file.middle(.key, layer: 0) == 1..<12)
    #expect(try file.summary(.key, group: 1).parts.map(\.name) == ["first token"])
  }

  @Test func anAddedProfileIsSalvaged() throws {
    var (bytes, _) = try encoded()
    let file = try opened(bytes)
    let entry = try #require(file.reader.section(.losslessKeys, layer: 1))
    bytes[entry.payloadOffset] ^= 1
    let damaged = try opened(bytes, salvaging: true)
    let losses = try damaged.salvage(.key, group: 1).losses
    #expect(losses.count == 1 && losses[0].layers == 1..<2 && losses[0].rows == 0..<12)
    #expect(try damaged.salvage(.key, group: 0).losses.isEmpty)
  }

  @Test func anAddedProfileGrows() throws {
    let file = try opened(encoded().bytes)
    var following = Self.cache
    following.description.tokens = nil
    for layer in 0..<2 { following.description.geometry.layers[layer].firstPosition = 12 }
    let memory = MemoryDestination()
    _ = try CacheExtender(file, with: following, writer: "test", unchecked: true).write(to: memory)
    let longer = try opened(memory.bytes!)
    #expect(longer.description.geometry.tokens == 24)
    #expect(try longer.tensor(.key, layer: 0).rows(20..<21) == Self.cache.tensor(.key, layer: 0).rows(0..<1))
  }

  /// What `cost` says is what decoding asks the limits for: a byte less is refused with that number.
  @Test(arguments: [CacheEncoder.Method.lossless, .fourier(FourierParameters()), .spectral(SpectralParameters())])
  func costIsWhatTheLimitsRefuse(_ method: CacheEncoder.Method) throws {
    let cache = BasisCases.cache(seed: 5)
    let (bytes, _) = try CacheEncoder(method, writer: "test").encode(cache)
    let cost = try FKVCache(MemorySource(bytes)).profileReader.cost(.key, group: 0)
    #expect(cost.memory > 0)
    let tight = DecodingLimits(memoryBytes: cost.memory - 1)
    do {
      _ = try FKVCache(MemorySource(bytes), decoding: tight).tensor(.key, layer: 0)
      Issue.record("decoded with less memory than it costs")
    } catch CodecError.memoryLimit(_, let needed, let allowed) {
      #expect(needed == cost.memory && allowed == cost.memory - 1)
    }
    guard method.profile != .spectral else { return }  // whose segments ask for more when they are read
    _ = try FKVCache(MemorySource(bytes), decoding: DecodingLimits(memoryBytes: cost.memory)).tensor(.key, layer: 0)
  }

  @Test func otherProgramsRefuseItByItsCode() throws {
    let (bytes, _) = try encoded()
    #expect(throws: CodecError.unknownProfile(900)) { try FKVCache(MemorySource(bytes)) }
  }

  @Test func namesAndCodes() {
    #expect(Profile.allCases.map(\.name) == ["lossless", "fourier", "spectral"])
    #expect(Profile.allCases.map(\.rawValue) == [1, 2, 3])
    #expect(Profile(name: "spectral") == .spectral && Profile(name: "constant") == nil)
    #expect(ProfileTable.standard[900] == nil && Self.table[900]?.profile == .constant)
  }
}
