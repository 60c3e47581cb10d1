import Coding
import ComputeKernels
import FKVFormat
import FileIO
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
  /// Why the token ids could not be read, in a file that was opened all the same (`salvaging`); nil otherwise.
  public let tokenError: (any Error)?
  /// What decoding may take.
  public let limits: DecodingLimits
  let spectral: SpectralDecoder?
  private let memory: GroupMemory

  /// Opens a file by its path; the rest as `init(_:limits:geometry:decoding:salvaging:key:basis:)`.
  public convenience init(
    path: String, limits: ReadingLimits = ReadingLimits(), geometry: GeometryLimits = GeometryLimits(),
    decoding: DecodingLimits = DecodingLimits(), salvaging: Bool = false, key: FileKey? = nil,
    basis: (CacheHeader) throws -> ModelBasis? = { _ in nil }
  ) throws {
    try self.init(
      FileReader(path: path), limits: limits, geometry: geometry, decoding: decoding, salvaging: salvaging, key: key,
      basis: basis)
  }

  /// Opens the bytes of a file.
  ///
  /// - Parameters:
  ///   - file: the bytes, wherever they lie.
  ///   - key: opens an encrypted file; not looked at for others.
  ///   - limits: what the file may claim.
  ///   - geometry: how large a cache it may describe.
  ///   - decoding: what decoding it may take.
  ///   - salvaging: whether a file opens whose directory or token ids are damaged, or that lacks sections;
  ///     `salvage(_:group:)` gives what is left.
  ///   - basis: gives the basis file with a hash that the header names; called only if it names one.
  /// - Throws: `FileError`, `FormatError`, `CodecError`, `CodingError`: what is wrong with the file, and where.
  public init(
    _ file: any ByteSource, limits: ReadingLimits = ReadingLimits(), geometry: GeometryLimits = GeometryLimits(),
    decoding: DecodingLimits = DecodingLimits(), salvaging: Bool = false, key: FileKey? = nil,
    basis: (CacheHeader) throws -> ModelBasis? = { _ in nil }
  ) throws {
    reader = try FKVReader(
      file, limits: limits, salvaging: salvaging, key: key)
    self.limits = decoding
    memory = GroupMemory(capacity: 2 * ParallelLoop.width + 2, bytes: decoding.memoryBytes)
    header = try CacheHeader(parsing: reader.header, limits: geometry)
    var description = header.description
    var damage: (any Error)?
    do {
      description.tokens = try TokenSection.read(reader, atLeast: description.geometry.tokens)
    } catch {
      guard salvaging else { throw error }
      damage = error
    }
    tokenError = damage
    self.description = description
    if header.profile == .spectral {
      spectral = try SpectralDecoder(
        reader: reader, header: header, limits: decoding, model: header.basisHash == nil ? nil : basis(header),
        requiresFrames: !salvaging)
      return
    }
    spectral = nil
    guard !salvaging else { return }
    for (layer, shape) in description.geometry.layers.enumerated() {
      for kind in CacheKind.allCases where shape.elementCount > 0 {
        if header.profile == .lossless {
          _ = try losslessLayer(kind, layer: layer)
        } else {
          try fourierSection(kind, layer: layer).checkRawBytes(
            shape.elementCount * description.elementType(of: kind).byteCount)
        }
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
    switch header.profile {
    case .lossless:
      let parts = try losslessLayer(kind, layer: layer)
      try checkLossless(parts, kind, layer)
      return try parts.tensor(reader)
    case .fourier:
      return try parsedFourier(kind, layer: layer).restored(layer: shape, elementType: type)
    case .spectral:
      let spectral = spectral!
      let group = spectral.groupIndex(ofLayer: layer)
      return try memory.tensors(GroupMemory.Key(kind: kind, group: group)) {
        try spectral.tensors(kind, group: group)
      }[layer - spectral.groups[group].firstLayer]
    }
  }

  /// The whole cache in memory, decoded on all cores.
  public func decodeAll() throws -> MemoryCache {
    let layers = description.geometry.layers.count
    let tensors = try CacheKind.allCases.map { kind in
      guard let spectral else { return try ParallelLoop.map(layers) { try tensor(kind, layer: $0) } }
      return try ParallelLoop.map(spectral.groups.count) { try spectral.tensors(kind, group: $0) }.flatMap { $0 }
    }
    return MemoryCache(description: description, keys: tensors[0], values: tensors[1])
  }

  /// An `.fkv` holds no probe queries: they belong to the reference it is compared with.
  public func probeQueries(layer: Int) -> ProbeQueries? { nil }

  /// The sections of a layer's keys or values in profile `lossless`.
  func losslessLayer(_ kind: CacheKind, layer: Int) throws -> LosslessLayer {
    try LosslessLayer(
      kind, layer: layer, shape: description.geometry.layers[layer], elementType: description.elementType(of: kind),
      reader: reader)
  }

  /// The section of a layer's keys or values in profile `fourier`.
  func fourierSection(_ kind: CacheKind, layer: Int) throws -> SectionEntry {
    guard let entry = reader.section(.fourier(kind), layer: layer) else {
      throw CodecError.missingSection(layer: layer, kind: kind)
    }
    return entry
  }

  /// The same, read and understood, after what decoding takes was held against the limits.
  func parsedFourier(_ kind: CacheKind, layer: Int) throws -> FourierSection {
    let (entry, shape) = (try fourierSection(kind, layer: layer), description.geometry.layers[layer])
    let size = description.elementType(of: kind).byteCount
    let payload = try reader.payload(of: entry)
    try FourierSection.head(payload, layer: shape, place: place(kind, layer))
      .cost(layer: shape, elementSize: size, storedBytes: entry.storedBytes)
      .check(place(kind, layer), within: allowance(storedBytes: entry.fileBytes))
    return try FourierSection(parsing: payload, layer: shape, elementSize: size, place: place(kind, layer))
  }

  /// Holds what decoding a layer of profile `lossless` takes against the limits: its tensor, a section and what it
  /// decodes to.
  func checkLossless(_ parts: LosslessLayer, _ kind: CacheKind, _ layer: Int) throws {
    let entries = parts.parts.map(\.entry)
    let largest = entries.map { $0.storedBytes + 2 * $0.rawBytes }.max() ?? 0
    try DecodingCost.memory(parts.shape.elementCount * parts.elementType.byteCount, largest)
      .check(place(kind, layer), within: allowance(storedBytes: entries.reduce(0) { $0 + $1.fileBytes }))
  }

  private func allowance(storedBytes: Int) -> DecodingCost {
    limits.allowance(storedBytes: storedBytes, groups: description.geometry.layers.count)
  }

  func place(_ kind: CacheKind, _ layer: Int) -> String { "layer \(layer) \(kind.name)s" }
}
