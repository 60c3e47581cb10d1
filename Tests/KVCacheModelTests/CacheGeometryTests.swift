import Testing

@testable import KVCacheModel

@Suite struct CacheGeometryTests {
  @Test func layer() {
    let layer = LayerGeometry(kvHeads: 3, queryHeads: 9, headDim: 64, tokens: 100)
    #expect(layer.groupSize == 3)
    #expect(layer.features == 192)
    #expect(layer.elementCount == 19_200)
    #expect(layer.firstPosition == 0 && layer.slidingWindow == nil && layer.ropeIndex == 0)
    #expect(LayerGeometry(kvHeads: 1, queryHeads: 1, headDim: 1, tokens: 0).elementCount == 0)
  }

  @Test func uniformCache() {
    let cache = CacheGeometry(layers: 30, kvHeads: 3, queryHeads: 9, headDim: 64, tokens: 4096)
    #expect(cache.layers.count == 30 && cache.isUniform)
    #expect(cache.tokens == 4096)
    #expect(cache.elementCount == 47_185_920)
  }

  @Test func mixedCache() {
    let long = LayerGeometry(kvHeads: 2, queryHeads: 4, headDim: 8, tokens: 10)
    let short = LayerGeometry(
      kvHeads: 2, queryHeads: 4, headDim: 8, tokens: 3, firstPosition: 7, slidingWindow: 3, ropeIndex: 1)
    let cache = CacheGeometry(layers: [short, long, short])
    #expect(!cache.isUniform && cache.tokens == 10)
    #expect(cache.elementCount == 2 * (160 + 2 * 48))
    // Windows alone do not change a shape.
    var windowed = long
    windowed.slidingWindow = 5
    #expect(CacheGeometry(layers: [long, windowed]).isUniform)
    for change: (inout LayerGeometry) -> Void in [
      { $0.kvHeads = 4 }, { $0.queryHeads = 2 }, { $0.headDim = 4 }, { $0.tokens = 9 },
    ] {
      var other = long
      change(&other)
      #expect(!CacheGeometry(layers: [long, other]).isUniform)
    }
  }

  @Test func noLayers() {
    let cache = CacheGeometry(layers: [])
    #expect(cache.tokens == 0 && cache.elementCount == 0 && cache.isUniform)
  }
}
