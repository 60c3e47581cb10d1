import ComputeKernels
import FKVFormat
import FileIO
import KVCacheModel

/// Writes an `.fkv` longer by the tokens that follow.
///
/// What the file holds is copied byte for byte, not decoded: new tokens become sections of their own (`lossless`,
/// `spectral`), except for the encryption of a file that has one: it is renewed over all sections. Profile `fourier` folds the tokens that leave the window into the coefficients (arXiv 2506.11886), so
/// its sections are rewritten; of them only the exact parts and the coefficients' planes are unpacked. Old tokens
/// decode to the same bits as before, except spectral features of profile `fourier`, whose coefficients now stand for
/// more tokens.
public struct CacheExtender: Sendable {
  public let cache: FKVCache
  /// A cache that holds the tokens that follow: of the longer prompt from its start, or from the file's end on.
  public let addition: any CacheSource
  /// Encrypts the longer file; nil writes it as it is. At first the key that the file was opened with.
  public var key: FileKey?
  /// What the header says wrote the file.
  public var writer: String
  /// The description of the longer cache, token ids included where both sides have them.
  public let description: CacheDescription
  /// For each layer, the rows of the addition's tensors that are new.
  let newRows: [Range<Int>]

  /// The result of extending a file.
  public struct Outcome: Hashable, Sendable {
    public var fileBytes: Int
    /// Whether coefficients were rounded to half precision once more: each time adds an error of up to 2⁻¹¹ of each.
    public var roundedCoefficients: Bool
  }

  /// Checks that the addition goes on where the file ends; reads no tensor.
  ///
  /// - Parameters:
  ///   - unchecked: goes on where token ids are missing on one side. The file then has none either.
  ///   - provenance: lines that the longer file has instead of the file's own; nil takes a line out.
  /// - Throws: `CacheExtensionError`; `FormatError` if no reader would take the longer cache.
  public init(
    _ cache: FKVCache, with addition: any CacheSource, writer: String, unchecked: Bool = false,
    provenance: [String: String?] = [:]
  ) throws {
    self.cache = cache
    key = cache.reader.key
    self.addition = addition
    self.writer = writer
    newRows = try Self.newRows(of: addition.description, after: cache.description)
    var description = cache.description
    description.tokens = try Self.tokens(of: addition.description, after: cache.description, required: !unchecked)
    for (layer, rows) in newRows.enumerated() { description.geometry.layers[layer].tokens += rows.count }
    for (name, value) in provenance { description.provenance[name] = value }
    self.description = description
    try cache.profileReader.checkExtensible()
    _ = try CacheHeader(
      parsing: RecordReader(parsing: header.record.encoded, name: "header"), limits: GeometryLimits(),
      profiles: cache.profiles)
  }

  /// Tokens that the file grows by.
  public var tokenCount: Int { newRows.map(\.count).max() ?? 0 }

  /// The header of the longer file. What was measured on the shorter one is gone.
  private var header: CacheHeader {
    var header = cache.header
    header.description = description
    header.writer = writer
    header.storedError = nil
    return header
  }

  /// Writes the longer file at `path`, which may be the file's own; it appears whole or not at all.
  ///
  /// Memory stays near the new tokens of `ParallelLoop.width` groups of layers (profile `fourier`: near their exact
  /// parts).
  ///
  /// - Parameter progress: called with layers done, from the calling thread.
  /// - Throws: what either source throws; `CacheExtensionError` if the profile cannot take more tokens; `FileError`.
  public func write(to path: String, progress: (Int) -> Void = { _ in }) throws -> Outcome {
    try write(to: FileDestination(path: path), progress: progress)
  }

  /// Writes the longer file at any destination.
  public func write(to destination: any ByteDestination, progress: (Int) -> Void = { _ in }) throws -> Outcome {
    let file = try FKVWriter(to: destination, key: key)
    if let tokens = description.tokens { try TokenSection.add(tokens, to: file) }
    var rounded = false
    let groups = cache.layerGroups
    try ParallelLoop.ordered(
      groups.count,
      produce: { try extended(group: $0) },
      consume: { group, kinds in
        for kind in kinds {
          for entry in kind.copied { try file.copySection(from: cache.reader, entry) }
          for section in kind.added {
            try file.add(
              section.kind, layer: groups[group].lowerBound, index: section.index, tokens: section.tokens,
              flags: .required, rawBytes: section.rawBytes, payload: section.payload)
          }
          rounded = rounded || kind.roundsCoefficients
        }
        progress(groups[group].upperBound)
      })
    return Outcome(fileBytes: try file.commit(header: header.record), roundedCoefficients: rounded)
  }

  private func extended(group: Int) throws -> [ExtendedSections] {
    let layers = cache.layerGroups[group]
    return try CacheKind.allCases.map { kind in
      // The layers of a group have one shape, so all of them grow or none.
      guard !newRows[layers.lowerBound].isEmpty else { return ExtendedSections() }
      let tensors = try layers.map { try addition.tensor(kind, layer: $0).rows(newRows[$0]) }
      return try cache.profileReader.extended(kind, group: group, by: tensors, to: description)
    }
  }
}
