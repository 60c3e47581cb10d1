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
  /// The layers that keys and values are coded together for: one range a group; single layers where there are none.
  public let layerGroups: [Range<Int>]
  /// One a layer: a file may have tens of thousands.
  private let groupOfLayer: [Int]
  /// The profiles that were looked for.
  let profiles: ProfileTable
  /// How the file's profile is read.
  package let profileReader: any ProfileReader
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
  public convenience init(
    _ file: any ByteSource, limits: ReadingLimits = ReadingLimits(), geometry: GeometryLimits = GeometryLimits(),
    decoding: DecodingLimits = DecodingLimits(), salvaging: Bool = false, key: FileKey? = nil,
    basis: (CacheHeader) throws -> ModelBasis? = { _ in nil }
  ) throws {
    try self.init(
      file, limits: limits, geometry: geometry, decoding: decoding, salvaging: salvaging, key: key, profiles: .standard,
      basis: basis)
  }

  /// Opens a file of any profile of a table.
  package init(
    _ file: any ByteSource, limits: ReadingLimits = ReadingLimits(), geometry: GeometryLimits = GeometryLimits(),
    decoding: DecodingLimits = DecodingLimits(), salvaging: Bool = false, key: FileKey? = nil,
    profiles: ProfileTable, basis: (CacheHeader) throws -> ModelBasis? = { _ in nil }
  ) throws {
    reader = try FKVReader(
      file, limits: limits, salvaging: salvaging, key: key)
    self.limits = decoding
    memory = GroupMemory(capacity: 2 * ParallelLoop.width + 2, bytes: decoding.memoryBytes)
    header = try CacheHeader(parsing: reader.header, limits: geometry, profiles: profiles)
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
    self.profiles = profiles
    let entry = profiles[header.profile.rawValue]!
    profileReader = try entry.open(
      ProfileFile(
        reader: reader, header: header, limits: decoding,
        basis: entry.codesGroups && header.basisHash != nil ? basis(header) : nil, isSalvaging: salvaging))
    layerGroups = profileReader.layerGroups
    groupOfLayer = layerGroups.enumerated().flatMap { group, layers in layers.map { _ in group } }
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
    let group = groupIndex(ofLayer: layer)
    let layers = layerGroups[group]
    guard layers.count > 1 else { return try profileReader.tensors(kind, group: group, rows: nil)[0] }
    return try memory.tensors(GroupMemory.Key(kind: kind, group: group)) {
      try profileReader.tensors(kind, group: group, rows: nil)
    }[layer - layers.lowerBound]
  }

  /// The group that a layer belongs to.
  func groupIndex(ofLayer layer: Int) -> Int { groupOfLayer[layer] }

  /// The whole cache in memory, decoded on all cores.
  public func decodeAll() throws -> MemoryCache {
    let tensors = try CacheKind.allCases.map { kind in
      try ParallelLoop.map(layerGroups.count) { try profileReader.tensors(kind, group: $0, rows: nil) }.flatMap { $0 }
    }
    return MemoryCache(description: description, keys: tensors[0], values: tensors[1])
  }

  /// An `.fkv` holds no probe queries: they belong to the reference it is compared with.
  public func probeQueries(layer: Int) -> ProbeQueries? { nil }
}
