import Coding
import FKVFormat
import KVCacheModel

/// A cache in an `.fkv` file, decoded one layer at a time: the decoder that every command uses.
///
/// Opening reads the header and directory and the token ids; keys and values are read, checked and decoded when they
/// are asked for, whatever happened to other layers. Safe to use from several threads at once.
public final class FKVCache: CacheSource {
  public let reader: FKVReader
  public let header: CacheHeader
  /// The header's description with the token ids, where the file holds them.
  public let description: CacheDescription

  /// Opens a file.
  ///
  /// - Throws: `FileError`, `FormatError`, `CodecError`, `CodingError`: what is wrong with the file, and where.
  public init(path: String, limits: ReadingLimits = ReadingLimits(), geometry: GeometryLimits = GeometryLimits()) throws
  {
    reader = try FKVReader(path: path, limits: limits)
    header = try CacheHeader(parsing: reader.header, limits: geometry)
    var description = header.description
    description.tokens = try TokenSection.read(reader, atLeast: description.geometry.tokens)
    self.description = description
    for (layer, shape) in description.geometry.layers.enumerated() {
      for kind in CacheKind.allCases where shape.elementCount > 0 {
        try section(kind, layer: layer).checkRawBytes(
          shape.elementCount * description.elementType(of: kind).byteCount)
      }
    }
  }

  /// Keys or values of one layer, checked and decoded.
  ///
  /// - Throws: `FormatError` if the section is damaged, `CodecError` or `CodingError` if it cannot be understood.
  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    let shape = description.geometry.layers[layer]
    let type = description.elementType(of: kind)
    guard shape.elementCount > 0 else {
      return CacheTensor(
        kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim, elementType: type, bytes: [])
    }
    let payload = try reader.payload(of: section(kind, layer: layer))
    switch header.profile {
    case .lossless:
      return try LosslessSection.decode(payload, layer: shape, elementType: type)
    case .fourier:
      return try FourierSection(
        parsing: payload, layer: shape, elementSize: type.byteCount, place: place(kind, layer)
      ).restored(layer: shape, elementType: type)
    }
  }

  /// An `.fkv` holds no probe queries: they belong to the reference it is compared with.
  public func probeQueries(layer: Int) -> ProbeQueries? { nil }

  /// Where the bytes of keys or values of a layer went; reads the section's head only after its checksum.
  public func summary(_ kind: CacheKind, layer: Int) throws -> TensorSummary {
    let shape = description.geometry.layers[layer]
    guard shape.elementCount > 0 else { return TensorSummary(fileBytes: 0, parts: [], exactFeatures: 0, states: 0) }
    let entry = try section(kind, layer: layer)
    switch header.profile {
    case .lossless:
      return TensorSummary(
        fileBytes: entry.fileBytes, parts: [TensorSummary.Part(name: "exact", bytes: entry.storedBytes)],
        exactFeatures: shape.features, states: 0)
    case .fourier:
      let parts = try FourierSection.head(
        reader.payload(of: entry), layer: shape, place: place(kind, layer)
      ).parts
      return TensorSummary(
        fileBytes: entry.fileBytes,
        parts: [
          TensorSummary.Part(name: "sinks and window", bytes: parts.edge),
          TensorSummary.Part(name: "exact features", bytes: parts.exact),
          TensorSummary.Part(name: "coefficients", bytes: parts.coefficients),
        ], exactFeatures: parts.exactFeatures, states: parts.states)
    }
  }

  private func section(_ kind: CacheKind, layer: Int) throws -> SectionEntry {
    guard let entry = reader.section(.tensor(kind, profile: header.profile), layer: layer) else {
      throw CodecError.missingSection(layer: layer, kind: kind)
    }
    return entry
  }

  private func place(_ kind: CacheKind, _ layer: Int) -> String { "layer \(layer) \(kind.name)s" }
}
