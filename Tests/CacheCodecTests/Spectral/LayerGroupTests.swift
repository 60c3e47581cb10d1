import KVCacheModel
import Testing

@testable import CacheCodec

@Suite struct LayerGroupTests {
  private static func layer(_ heads: Int, _ dims: Int, tokens: Int = 9, first: Int = 0) -> LayerGeometry {
    LayerGeometry(kvHeads: heads, queryHeads: heads, headDim: dims, tokens: tokens, firstPosition: first)
  }

  private static func sizes(_ layers: [LayerGeometry], _ size: Int?) -> [Int] {
    let groups = LayerGroup.groups(of: CacheGeometry(layers: layers), size: size)
    #expect(groups.flatMap { Array($0.layers) } == Array(layers.indices))
    for group in groups {
      #expect(layers[group.layers].allSatisfy { $0 == group.shape })
      #expect(group.features == group.count * group.shape.kvHeads * group.shape.headDim)
    }
    return groups.map(\.count)
  }

  @Test func automaticGroupsHold640Features() {
    #expect(Self.sizes(Array(repeating: Self.layer(3, 64), count: 30), nil) == Array(repeating: 3, count: 10))
    #expect(Self.sizes(Array(repeating: Self.layer(5, 128), count: 3), nil) == [1, 1, 1])
    #expect(Self.sizes(Array(repeating: Self.layer(8, 128), count: 2), nil) == [1, 1])
    #expect(Self.sizes(Array(repeating: Self.layer(1, 64), count: 12), nil) == [10, 2])
    #expect(Self.sizes([], nil) == [])
  }

  @Test func groupsOfASizeAskedFor() {
    let layers = Array(repeating: Self.layer(2, 4), count: 7)
    for size in 1...9 {
      let expected = Array(repeating: size, count: 7 / size) + (7 % size > 0 ? [7 % size] : [])
      #expect(Self.sizes(layers, size) == expected)
    }
  }

  @Test func layersOfAnotherShapeStartAGroup() {
    let (a, b) = (Self.layer(2, 4), Self.layer(2, 4, tokens: 5, first: 4))
    #expect(Self.sizes([a, a, b, b, b, a], nil) == [2, 3, 1])
    #expect(Self.sizes([a, b, a, b], 4) == [1, 1, 1, 1])
  }

  /// No group is wider than the format allows, whatever was asked for.
  @Test func noGroupIsTooWide() {
    #expect(Self.sizes(Array(repeating: Self.layer(64, 128), count: 5), 5) == [2, 2, 1])
    #expect(Self.sizes(Array(repeating: Self.layer(256, 128), count: 2), 2) == [1, 1])
  }
}
