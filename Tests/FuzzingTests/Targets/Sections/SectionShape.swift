import KVCacheModel

@testable import CacheCodec

/// The shape that a section's payload is decoded for: the first bytes of an input, small as caches of vectors are.
struct SectionShape {
  let kind: CacheKind
  let elementType: ElementType
  /// Layers that are coded together.
  let group: LayerGroup
  /// What a target makes of it.
  let sixth: Int
  var layer: LayerGeometry { group.shape }
  /// Bytes of all elements as 32-bit numbers.
  var floatBytes: Int { 4 * group.features * layer.tokens }

  static let byteCount = 6

  /// Layers 1…4, heads 1…4, dimensions 1…32, tokens 0…127.
  init(_ input: inout FuzzInput) {
    let choices = input.byte()
    kind = choices & 1 == 0 ? .key : .value
    elementType = ElementType.allCases[(choices >> 1) % 3]
    let (layers, heads, dims) = (1 + input.byte() % 4, 1 + input.byte() % 4, 1 + input.byte() % 32)
    let tokens = input.byte() % 128
    sixth = input.byte()
    group = LayerGroup(
      firstLayer: 0, count: layers,
      shape: LayerGeometry(kvHeads: heads, queryHeads: heads, headDim: dims, tokens: tokens))
  }

  /// The bytes that make that shape; nil for one that is too large.
  static func bytes(_ kind: CacheKind, _ type: ElementType, layers: Int, _ shape: LayerGeometry) -> [UInt8]? {
    guard layers <= 4, shape.kvHeads <= 4, shape.headDim <= 32, shape.tokens <= 127 else { return nil }
    let choices = (kind == .key ? 0 : 1) + 2 * ElementType.allCases.firstIndex(of: type)!
    return [choices, layers - 1, shape.kvHeads - 1, shape.headDim - 1, shape.tokens, 0].map { UInt8($0) }
  }
}
