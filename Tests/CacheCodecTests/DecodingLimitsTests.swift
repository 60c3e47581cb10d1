import FKVFormat
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

/// What decoding takes is checked against the limits before it is taken, and both numbers are told.
@Suite struct DecodingLimitsTests {
  private let scratch = ScratchFolder()

  @Test func whatIsAllowedGrowsWithTheFile() {
    let limits = DecodingLimits(
      memoryBytes: 1000, memoryFloor: 100, memoryPerByte: 3, workSteps: 5000, workFloor: 600, workPerByte: 7)
    func allowed(_ bytes: Int, _ groups: Int) -> [Int] {
      let cost = limits.allowance(storedBytes: bytes, groups: groups)
      return [cost.memory, cost.work]
    }
    #expect(allowed(0, 1) == [100, 300])
    #expect(allowed(10, 3) == [130, 170])
    #expect(allowed(300, 1) == [1000, 2400])
    #expect(allowed(.max, 1) == [1000, 5000])
    #expect(allowed(0, 0) == [100, 300])
    #expect(
      DecodingLimits.trusting(memoryBytes: 77).allowance(storedBytes: 0, groups: 1)
        == DecodingCost(memory: 77, work: .max / 2))
  }

  @Test func sumsAndProductsStopAtTheLargestNumber() {
    #expect(DecodingCost.product(1 << 40, 1 << 40) == .max)
    #expect(DecodingCost.product(.max, .max, 0) == 0)
    #expect(DecodingCost.product() == 1)
    #expect(DecodingCost.memory(.max, 1).memory == .max)
    let sum = DecodingCost(memory: .max, work: 3) + DecodingCost(memory: 1, work: .max)
    #expect(sum == DecodingCost(memory: .max, work: .max))
    #expect(DecodingCost.transforms(samples: 10, length: 1) == 160)
    #expect(DecodingCost.transforms(samples: 10, length: 1024) == 10 * 11 * 16)
  }

  private func rewritten(_ name: String, _ edit: (SectionKind, inout [UInt8]) -> Void) throws -> String {
    let file = try FKVCache(path: scratch.file(name))
    let path = scratch.file("made.fkv")
    let writer = try FKVWriter(path: path)
    for section in file.reader.sections where section.kind != .header {
      var payload = try file.reader.payload(of: section)
      edit(section.kind, &payload)
      try writer.add(
        section.kind, layer: section.layer, index: section.index, tokens: section.tokens, flags: section.flags,
        rawBytes: section.kind == .spectralKeyFrame || section.kind == .spectralValueFrame
          ? payload.count : section.rawBytes, payload: payload)
    }
    try writer.commit(header: file.header.record)
    return path
  }

  /// 57 features over a period of 2²²: hours of Fourier transforms for a file of some thousand bytes.
  @Test func longPeriodsOfASmallFile() throws {
    let cache = SyntheticCache.make(layers: 1, kvHeads: 4, groupSize: 1, tokens: 20, headDim: 16, withTokens: false)
    _ = try CacheEncoder(.fourier(SectionCases.parameters()), writer: "").encode(cache, to: scratch.file("good.fkv"))
    let path = try rewritten("good.fkv") { kind, payload in
      if kind == .fourierKeys { payload = SpectralCases.put(UInt32(1 << 22), 24, in: payload) }
    }
    let file = try FKVCache(path: path)
    let stored = try #require(file.reader.section(.fourierKeys, layer: 0)).fileBytes
    let needed = 4 * 20 * 64 + 57 * (1 << 22) * 23 * 16
    let allowed = (1 << 32) + stored << 20
    #expect(throws: CodecError.workLimit(place: "layer 0 keys", needed: needed, allowed: allowed)) {
      try file.tensor(.key, layer: 0)
    }
    #expect(throws: CodecError.self) { try file.salvage(.key, group: 0) }
    #expect(throws: CodecError.self) { try file.fourierParts(.key, layer: 0) }
    #expect(throws: Never.self) { try file.tensor(.value, layer: 0) }
  }

  /// Our encoder does not write what our decoder refuses.
  @Test func periodsThatReadersRefuse() throws {
    let cache = SyntheticCache.make(layers: 1, kvHeads: 4, groupSize: 1, tokens: 20, headDim: 16, withTokens: false)
    let error = #expect(throws: CodecError.self) {
      try CacheEncoder(.fourier(SectionCases.parameters(period: 1 << 22)), writer: "")
        .encode(cache, to: scratch.file("c.fkv"))
    }
    let line = "layer 0 keys: a period of 4194304 for 17 tokens takes readers 87979725824 steps, allowed are "
    #expect(error?.description.hasPrefix(line) == true, "\(String(describing: error))")
    #expect(error?.code == .unsuitable && scratch.names == [])
    _ = try CacheEncoder(.fourier(SectionCases.parameters(period: 1 << 16)), writer: "")
      .encode(cache, to: scratch.file("c.fkv"))
    #expect(throws: Never.self) { try FKVCache(path: scratch.file("c.fkv")).decodeAll() }
  }

  /// One token of 16 384 features: 33 kB that ask for a matrix of 1 GiB.
  @Test func aLargeBasisOfASmallFile() throws {
    let shape = LayerGeometry(kvHeads: 128, queryHeads: 128, headDim: 128, tokens: 1)
    var description = SyntheticCache.make(layers: 1, tokens: 1, withTokens: false).description
    description.geometry.layers = [shape]
    let group = LayerGroup(firstLayer: 0, count: 1, shape: shape)
    let writer = try FKVWriter(path: scratch.file("wide.fkv"))
    for kind in CacheKind.allCases {
      let frame = SpectralFrame(
        group: group, blockLength: 4, basisSource: .none, isUnrotated: false,
        weights: [Float](repeating: 1, count: 128), mean: [Float](repeating: 0, count: 16_384), exactRows: [0..<1],
        exactBytes: [UInt8](repeating: 0, count: 32_768), exactFeatures: [])
      let payload = frame.encoded(elementSize: 2).bytes
      try writer.add(.spectralFrame(kind), layer: 0, flags: .required, rawBytes: payload.count, payload: payload)
    }
    try writer.commit(
      header: CacheHeader(
        description: description, profile: .spectral, settings: [], writer: "", storedError: nil, groupSizes: [1]
      ).record)
    let file = try FKVCache(path: scratch.file("wide.fkv"))
    let entry = try #require(file.reader.section(.spectralKeyFrame, layer: 0))
    #expect(entry.fileBytes < 34_000)
    // The basis, the cosines, the frame, its exact rows as coded and decoded, the tensor.
    let exact = entry.storedBytes - 40 - 512 - 32_768 - 8
    let needed = 4 << 28 + 4 * 16 + entry.storedBytes + exact + 32_768 + 32_768
    let allowed = 256 << 20 + 4096 * entry.fileBytes
    #expect(throws: CodecError.memoryLimit(place: "layers 0…0 keys", needed: needed, allowed: allowed)) {
      try file.tensor(.key, layer: 0)
    }
  }

  static let methods: [CacheEncoder.Method] = [
    .lossless, .fourier(SectionCases.parameters(period: 40)),
    .fourier(SectionCases.parameters(reconstruction: .published, coefficients: .float32)),
    .spectral(SpectralCases.parameters(block: 4, sinks: 2, window: 4, segment: 8, exact: 0.25)),
  ]

  /// From nothing up, each refusal names what is needed; with exactly what the last one named, and not a byte or a step
  /// less, the tensor is decoded to what it is without limits.
  @Test(arguments: methods.indices) func theLimitsAreExact(method: Int) throws {
    let cache = SyntheticCache.make(layers: 2, tokens: 30, headDim: 8)
    _ = try CacheEncoder(Self.methods[method], writer: "").encode(cache, to: scratch.file("c.fkv"))
    let expected = try FKVCache(path: scratch.file("c.fkv")).tensor(.key, layer: 1)
    func decode(memory: Int, work: Int) throws -> CacheTensor {
      let limits = DecodingLimits(
        memoryBytes: memory, memoryFloor: memory, memoryPerByte: 0, workSteps: work, workFloor: .max)
      return try FKVCache(path: scratch.file("c.fkv"), decoding: limits).tensor(.key, layer: 1)
    }
    var (memory, work, refusals) = (0, 0, 0)
    while true {
      do {
        #expect(try decode(memory: memory, work: work) == expected)
        break
      } catch CodecError.memoryLimit(_, let needed, let allowed) {
        #expect(needed > allowed && allowed == memory)
        memory = needed
      } catch CodecError.workLimit(_, let needed, let allowed) {
        #expect(needed > allowed && allowed == work)
        work = needed
      }
      refusals += 1
      try #require(refusals < 100)
    }
    #expect(refusals >= (method == 0 ? 1 : 2) && memory > expected.bytes.count)
    #expect(throws: CodecError.self) { try decode(memory: memory - 1, work: work) }
    if method > 0 { #expect(throws: CodecError.self) { try decode(memory: memory, work: work - 1) } }
    // Parts of the rows are checked against the same limits.
    let small = DecodingLimits(memoryBytes: 1, memoryFloor: 1)
    let file = try FKVCache(path: scratch.file("c.fkv"), decoding: small)
    #expect(throws: CodecError.self) { try file.tensor(.key, layer: 1, rows: 0..<1) }
    #expect(throws: CodecError.self) { try file.salvage(.key, group: 0) }
  }
}
