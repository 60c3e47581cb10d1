import Testing

@testable import KVCacheModel

@Suite struct CacheDescriptionTests {
  private func description(_ key: ElementType, _ value: ElementType) -> CacheDescription {
    CacheDescription(
      model: ModelIdentity(name: "m", architecture: "llama", fingerprint: ""),
      geometry: CacheGeometry(layers: 2, kvHeads: 3, queryHeads: 3, headDim: 4, tokens: 5), ropes: [.none],
      tokens: nil, keyType: key, valueType: value, attentionScale: 0.5)
  }

  @Test func storedBytes() {
    #expect(description(.float16, .float16).storedByteCount == 2 * 60 * 4)
    #expect(description(.bfloat16, .float32).storedByteCount == 2 * 60 * 6)
    #expect(description(.float32, .float32).storedByteCount == 2 * 60 * 8)
  }

  @Test func elementTypeByKind() {
    let mixed = description(.bfloat16, .float32)
    #expect(mixed.elementType(of: .key) == .bfloat16 && mixed.elementType(of: .value) == .float32)
  }
}

@Suite struct ElementTypeTests {
  @Test func namesAndSizes() {
    #expect(ElementType.allCases.map(\.safetensorsName) == ["F16", "BF16", "F32"])
    #expect(ElementType.allCases.map(\.byteCount) == [2, 2, 4])
    #expect(ElementType.allCases.map(\.rawValue) == [1, 2, 3])
    for type in ElementType.allCases { #expect(ElementType(safetensorsName: type.safetensorsName) == type) }
    #expect(ElementType(safetensorsName: "f16") == nil && ElementType(safetensorsName: "F64") == nil)
  }

  @Test func kinds() {
    #expect(CacheKind.allCases.map(\.name) == ["key", "value"])
    #expect(CacheKind.allCases.map(\.rawValue) == [0, 1])
  }
}

@Suite struct MemoryCacheTests {
  private func tensor(_ byte: UInt8) -> CacheTensor {
    CacheTensor(kvHeads: 1, tokens: 1, headDim: 2, elementType: .float16, bytes: [byte, 0, 0, 0])
  }

  @Test func handsOutWhatItHolds() {
    let description = CacheDescription(
      model: ModelIdentity(name: "", architecture: "", fingerprint: ""),
      geometry: CacheGeometry(layers: 2, kvHeads: 1, queryHeads: 1, headDim: 2, tokens: 1), ropes: [.none],
      tokens: nil, attentionScale: 1, probeQueries: 1)
    let queries = (0..<2).map {
      ProbeQueries(heads: 1, count: 1, headDim: 2, firstPosition: 0, elements: [Float($0), 0])
    }
    var cache = MemoryCache(
      description: description, keys: [tensor(1), tensor(2)], values: [tensor(3), tensor(4)], queries: queries)
    #expect(cache.tensor(.key, layer: 1) == tensor(2) && cache.tensor(.value, layer: 0) == tensor(3))
    #expect(cache.tensor(.key, layer: 0).elementCount == 2)
    #expect(cache.probeQueries(layer: 1) == queries[1])
    cache.queries = []
    #expect(cache.probeQueries(layer: 1) == nil)
  }
}
