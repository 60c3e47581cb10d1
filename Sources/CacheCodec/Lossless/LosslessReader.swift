import FKVFormat
import KVCacheModel

/// Reads profile `lossless`, layer by layer.
struct LosslessReader: LayerReader {
  let file: ProfileFile

  /// - Throws: `CodecError` if sections are missing or make up other rows than the layers', except where the file is
  ///   opened to salvage it.
  init(_ file: ProfileFile) throws {
    self.file = file
    try file.forEachTensor { kind, layer, _ in _ = try parts(kind, layer) }
  }

  /// The sections of a layer's keys or values.
  func parts(_ kind: CacheKind, _ layer: Int) throws -> LosslessLayer {
    try LosslessLayer(
      kind, layer: layer, shape: file.description.geometry.layers[layer],
      elementType: file.description.elementType(of: kind), reader: file.reader)
  }

  func tensors(_ kind: CacheKind, group layer: Int, rows: Range<Int>?) throws -> [CacheTensor] {
    guard file.description.geometry.layers[layer].elementCount > 0 else { return [file.zeros(kind, layer: layer)] }
    let parts = try parts(kind, layer)
    try check(parts, kind, layer)
    return [try parts.tensor(file.reader, rows: rows)]
  }

  func salvage(_ kind: CacheKind, group layer: Int) throws -> (tensors: [CacheTensor], losses: [SalvageLoss]) {
    let shape = file.description.geometry.layers[layer]
    guard shape.elementCount > 0 else { return ([file.zeros(kind, layer: layer)], []) }
    return try file.salvaging(kind, layer: layer) {
      let parts = try LosslessLayer(
        salvaging: kind, layer: layer, shape: shape, elementType: file.description.elementType(of: kind),
        reader: file.reader)
      try check(parts, kind, layer)
      return try parts.salvage(file.reader, kind: kind, layer: layer)
    }
  }

  func cost(_ kind: CacheKind, group layer: Int) throws -> DecodingCost { try cost(parts(kind, layer)) }

  func middle(_ kind: CacheKind, group layer: Int) -> Range<Int> { 0..<file.description.geometry.layers[layer].tokens }

  func summary(_ kind: CacheKind, group layer: Int) throws -> TensorSummary {
    let shape = file.description.geometry.layers[layer]
    let entries = try parts(kind, layer).parts.map(\.entry)
    return TensorSummary(
      fileBytes: entries.reduce(0) { $0 + $1.fileBytes },
      parts: [
        TensorSummary.Part(
          name: "exact", bytes: entries.reduce(0) { $0 + $1.storedBytes },
          rawBytes: shape.elementCount * file.description.elementType(of: kind).byteCount)
      ],
      exactFeatures: shape.features, states: 0)
  }

  func extended(
    _ kind: CacheKind, group layer: Int, by tensors: [CacheTensor], to longer: CacheDescription
  ) throws -> ExtendedSections {
    let parts = try parts(kind, layer).parts
    let (end, tensor) = (file.description.geometry.layers[layer].tokens, tensors[0])
    var result = ExtendedSections()
    for (entry, rows) in parts {
      if entry.tokens.isEmpty {
        // It says that it holds all tokens by naming none, and there are more now.
        result.added.append(
          .init(
            kind: entry.kind, tokens: rows, rawBytes: entry.rawBytes, payload: try file.reader.payload(of: entry)))
      } else {
        result.copied.append(entry)
      }
    }
    result.added.append(
      .init(
        kind: .lossless(kind), index: parts.count, tokens: end..<end + tensor.tokens, rawBytes: tensor.bytes.count,
        payload: LosslessSection.encode(tensor)))
    return result
  }

  /// A layer's tensor, a section and what it decodes to.
  private func cost(_ parts: LosslessLayer) -> DecodingCost {
    let largest = parts.parts.map { $0.entry.storedBytes + 2 * $0.entry.rawBytes }.max() ?? 0
    return .memory(parts.shape.elementCount * parts.elementType.byteCount, largest)
  }

  private func check(_ parts: LosslessLayer, _ kind: CacheKind, _ layer: Int) throws {
    try cost(parts).check(
      file.place(kind, layer),
      within: file.allowance(storedBytes: parts.parts.reduce(0) { $0 + $1.entry.fileBytes }))
  }
}
