import FKVFormat
import KVCacheModel

/// Reads profile `fourier`, layer by layer.
struct FourierReader: LayerReader {
  let file: ProfileFile

  /// - Throws: `CodecError` if sections are missing, except where the file is opened to salvage it.
  init(_ file: ProfileFile) throws {
    self.file = file
    try file.forEachTensor { kind, layer, shape in
      try section(kind, layer).checkRawBytes(shape.elementCount * file.description.elementType(of: kind).byteCount)
    }
  }

  /// The section of a layer's keys or values.
  func section(_ kind: CacheKind, _ layer: Int) throws -> SectionEntry {
    guard let entry = file.reader.section(.fourier(kind), layer: layer) else {
      throw CodecError.missingSection(layer: layer, kind: kind)
    }
    return entry
  }

  /// The same, read and understood, after what decoding takes was checked against the limits.
  func parsed(_ kind: CacheKind, _ layer: Int) throws -> FourierSection {
    let (entry, shape) = (try section(kind, layer), file.description.geometry.layers[layer])
    let (size, place) = (file.description.elementType(of: kind).byteCount, file.place(kind, layer))
    let payload = try file.reader.payload(of: entry)
    try FourierSection.head(payload, layer: shape, place: place)
      .cost(layer: shape, elementSize: size, storedBytes: entry.storedBytes)
      .check(place, within: file.allowance(storedBytes: entry.fileBytes))
    return try FourierSection(parsing: payload, layer: shape, elementSize: size, place: place)
  }

  func tensors(_ kind: CacheKind, group layer: Int, rows: Range<Int>?) throws -> [CacheTensor] {
    let shape = file.description.geometry.layers[layer]
    guard shape.elementCount > 0 else { return [file.zeros(kind, layer: layer)] }
    return [try parsed(kind, layer).restored(layer: shape, elementType: file.description.elementType(of: kind))]
  }

  func salvage(_ kind: CacheKind, group layer: Int) throws -> (tensors: [CacheTensor], losses: [SalvageLoss]) {
    try file.salvaging(kind, layer: layer) { (try tensors(kind, group: layer, rows: nil), []) }
  }

  func cost(_ kind: CacheKind, group layer: Int) throws -> DecodingCost {
    let (entry, shape) = (try section(kind, layer), file.description.geometry.layers[layer])
    return try head(kind, layer).cost(
      layer: shape, elementSize: file.description.elementType(of: kind).byteCount, storedBytes: entry.storedBytes)
  }

  func middle(_ kind: CacheKind, group layer: Int) throws -> Range<Int> {
    let numbers = try head(kind, layer).numbers
    let (sinks, middle) = (numbers[0], numbers[1])
    return middle > 0 ? sinks..<sinks + middle : 0..<file.description.geometry.layers[layer].tokens
  }

  func summary(_ kind: CacheKind, group layer: Int) throws -> TensorSummary {
    let (entry, head) = (try section(kind, layer), try head(kind, layer))
    let shape = file.description.geometry.layers[layer]
    let parts = head.parts
    let size = file.description.elementType(of: kind).byteCount
    let edgeTokens = head.numbers[0] + head.numbers[2]
    return TensorSummary(
      fileBytes: entry.fileBytes,
      parts: [
        TensorSummary.Part(
          name: "sinks and window", bytes: parts.edge, rawBytes: edgeTokens * shape.features * size),
        TensorSummary.Part(
          name: "exact features", bytes: parts.exact, rawBytes: parts.exactFeatures * head.numbers[1] * size),
        TensorSummary.Part(name: "coefficients", bytes: parts.coefficients),
      ], exactFeatures: parts.exactFeatures, states: parts.states)
  }

  func extended(
    _ kind: CacheKind, group layer: Int, by tensors: [CacheTensor], to longer: CacheDescription
  ) throws -> ExtendedSections {
    var section = try parsed(kind, layer)
    let tensor = tensors[0]
    if !section.spectralFeatures.isEmpty {
      guard section.reconstruction == .projection else {
        throw CacheExtensionError.publishedReconstruction(layer: layer, kind: kind)
      }
      guard section.middle + tensor.tokens <= section.period else {
        throw CacheExtensionError.periodTooShort(
          layer: layer, kind: kind, period: section.period, middle: section.middle + tensor.tokens)
      }
    }
    section.append(tensor)
    let shape = longer.geometry.layers[layer]
    return ExtendedSections(
      added: [
        .init(
          kind: .fourier(kind), tokens: 0..<shape.tokens, rawBytes: shape.elementCount * tensor.elementType.byteCount,
          payload: section.encoded(elementSize: tensor.elementType.byteCount).bytes)
      ], roundsCoefficients: section.coefficientType == .float16 && !section.spectralFeatures.isEmpty)
  }

  private func head(_ kind: CacheKind, _ layer: Int) throws -> FourierSection.Head {
    try FourierSection.head(
      file.reader.payload(of: section(kind, layer)), layer: file.description.geometry.layers[layer],
      place: file.place(kind, layer))
  }
}
