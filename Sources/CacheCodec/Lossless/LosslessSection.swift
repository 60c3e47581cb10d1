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
    var tensor = CacheTensor(
      kvHeads: layer.kvHeads, tokens: layer.tokens, headDim: layer.headDim, elementType: elementType,
      bytes: [UInt8](repeating: 0, count: layer.elementCount * elementType.byteCount))
    try decode(bytes, rows: 0..<layer.tokens, into: &tensor)
    return tensor
  }

  /// Puts an encoded tensor into some rows of a longer one; throws `CodingError` where the bytes are not such a section.
  static func decode(_ bytes: [UInt8], rows: Range<Int>, into tensor: inout CacheTensor) throws {
    let size = tensor.elementType.byteCount
    let features = tensor.kvHeads * tensor.headDim
    let laid = try PlanedLZ4.decode(bytes, elementSize: size, rawCount: rows.count * features * size)
    FeatureColumns(tokens: tensor.tokens, headDim: tensor.headDim).scatterBytes(
      laid, elementSize: size, features: Array(0..<features), over: rows, into: &tensor.bytes)
  }
}
