import FKVFormat
import KVCacheModel

extension LosslessLayer {
  /// Takes the sections of a layer that are there.
  ///
  /// - Throws: `FormatError.rawBytes`; `CodecError.badValue` for rows beyond the layer's, or held twice.
  init(
    salvaging kind: CacheKind, layer: Int, shape: LayerGeometry, elementType: ElementType, reader: FKVReader
  ) throws {
    self.shape = shape
    self.elementType = elementType
    var parts: [(entry: SectionEntry, rows: Range<Int>)] = []
    for entry in reader.sections(.lossless(kind), layer: layer).sorted(by: { $0.index < $1.index }) {
      // Those of a higher index than the rows call for are passed over.
      let end = parts.last?.rows.upperBound ?? 0
      guard end < shape.tokens else { break }
      let rows = entry.index == 0 && entry.tokens.isEmpty ? 0..<shape.tokens : entry.tokens
      guard rows.lowerBound >= end, !rows.isEmpty, rows.upperBound <= shape.tokens else {
        throw CodecError.badValue(
          place: "layer \(layer) \(kind.name)s", field: "tokens of section \(entry.index)",
          declared: "\(rows.count) from \(rows.lowerBound)", allowed: "from \(end) on, up to \(shape.tokens)")
      }
      try entry.checkRawBytes(rows.count * shape.features * elementType.byteCount)
      parts.append((entry, rows))
    }
    self.parts = parts
  }

  /// The layer's tensor without the rows of sections that are damaged or not there.
  func salvage(
    _ reader: FKVReader, kind: CacheKind, layer: Int
  ) throws -> (tensors: [CacheTensor], losses: [SalvageLoss]) {
    var tensor = try tensor(reader, rows: 0..<0)
    var losses: [SalvageLoss] = []
    var end = 0
    func lose(_ rows: Range<Int>, _ error: any Error) {
      losses.append(SalvageLoss(kind: kind, layers: layer..<layer + 1, rows: rows, error: error))
    }
    func pass(_ start: Int) {
      if start > end { lose(end..<start, CodecError.missingSection(layer: layer, kind: kind)) }
    }
    for (entry, rows) in parts {
      pass(rows.lowerBound)
      do { try LosslessSection.decode(reader.payload(of: entry), rows: rows, into: &tensor) } catch {
        lose(rows, error)
      }
      end = rows.upperBound
    }
    pass(shape.tokens)
    return ([tensor], losses)
  }
}
