import Coding
import FKVFormat
import KVCacheModel

/// Keys or values of one layer in profile `lossless`: one section for the tokens that the file was made of, and one for
/// each time it was extended (formats/fkv.md §8).
struct LosslessLayer {
  let shape: LayerGeometry
  let elementType: ElementType
  /// In the order of their rows, which together are all rows of the layer.
  let parts: [(entry: SectionEntry, rows: Range<Int>)]

  /// Finds the sections of a layer with H·T·D > 0 and checks that they make up its rows.
  ///
  /// - Throws: `CodecError.missingSection`, `CodecError.badValue`; `FormatError.rawBytes`.
  init(_ kind: CacheKind, layer: Int, shape: LayerGeometry, elementType: ElementType, reader: FKVReader) throws {
    self.shape = shape
    self.elementType = elementType
    var parts: [(entry: SectionEntry, rows: Range<Int>)] = []
    var end = 0
    while end < shape.tokens {
      guard let entry = reader.section(.lossless(kind), layer: layer, index: parts.count) else {
        guard end > 0 else { throw CodecError.missingSection(layer: layer, kind: kind) }
        throw CodecError.badValue(
          place: "layer \(layer) \(kind.name)s", field: "tokens of all sections", declared: "\(end)",
          allowed: "\(shape.tokens), the layer's tokens")
      }
      // A section that names no tokens holds them all.
      let rows = parts.isEmpty && entry.tokens.isEmpty ? 0..<shape.tokens : entry.tokens
      guard rows.lowerBound == end, !rows.isEmpty, rows.upperBound <= shape.tokens else {
        throw CodecError.badValue(
          place: "layer \(layer) \(kind.name)s", field: "tokens of section \(parts.count)",
          declared: "\(rows.count) from \(rows.lowerBound)", allowed: "from \(end) on, up to \(shape.tokens)")
      }
      try entry.checkRawBytes(rows.count * shape.features * elementType.byteCount)
      parts.append((entry, rows))
      end = rows.upperBound
    }
    self.parts = parts
  }

  /// The layer's tensor; with `wanted`, sections without any of those rows are not read, and their rows are 0.
  ///
  /// - Throws: `FormatError` if a section is damaged, `CodingError` if it cannot be understood.
  func tensor(_ reader: FKVReader, rows wanted: Range<Int>? = nil) throws -> CacheTensor {
    var tensor = CacheTensor(
      kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim, elementType: elementType,
      bytes: [UInt8](repeating: 0, count: shape.elementCount * elementType.byteCount))
    for (entry, rows) in parts where wanted?.overlaps(rows) ?? true {
      try LosslessSection.decode(reader.payload(of: entry), rows: rows, into: &tensor)
    }
    return tensor
  }
}
