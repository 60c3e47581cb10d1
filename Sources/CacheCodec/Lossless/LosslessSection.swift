import Coding
import KVCacheModel

/// The contents of a profile `lossless` section: keys or values of one layer, bit for bit (formats/fkv.md §8).
///
/// The numbers are laid feature by feature, (H, D, T): what follows each other is one feature of neighbouring tokens,
/// which is more alike than neighbouring features of one token.
enum LosslessSection {
  /// The section's bytes.
  static func encode(_ tensor: CacheTensor) -> [UInt8] {
    let columns = FeatureColumns(tokens: tensor.tokens, headDim: tensor.headDim)
    let bytes = columns.gatherBytes(
      tensor.bytes, elementSize: tensor.elementType.byteCount, features: Array(0..<tensor.kvHeads * tensor.headDim),
      over: 0..<tensor.tokens)
    return PlanedLZ4.encode(bytes, elementSize: tensor.elementType.byteCount)
  }

  /// The tensor that was encoded; throws `CodingError` where the bytes are not such a section.
  static func decode(_ bytes: [UInt8], layer: LayerGeometry, elementType: ElementType) throws -> CacheTensor {
    let size = elementType.byteCount
    let laid = try PlanedLZ4.decode(bytes, elementSize: size, rawCount: layer.elementCount * size)
    var target = [UInt8](repeating: 0, count: laid.count)
    FeatureColumns(tokens: layer.tokens, headDim: layer.headDim).scatterBytes(
      laid, elementSize: size, features: Array(0..<layer.features), over: 0..<layer.tokens, into: &target)
    return CacheTensor(
      kvHeads: layer.kvHeads, tokens: layer.tokens, headDim: layer.headDim, elementType: elementType, bytes: target)
  }
}
