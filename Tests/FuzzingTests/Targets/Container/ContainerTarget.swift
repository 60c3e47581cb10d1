import FileIO
import KVCacheModel

@testable import CacheCodec
@testable import FKVFormat

/// Whole `.fkv` and `.fkvbasis` files.
enum ContainerTargets {
  /// Prologue, directory, prefixes and hashes; no section is understood.
  static let container = FuzzTarget(
    name: "container", mostBytes: 4096, memory: MemoryCap(), seeds: { try seeds(most: 2048) },
    mutation: { ContainerChanges.mutated($0, &$1) }, mayThrow: { $0 is FormatError },
    run: { bytes, _ in
      let reader = try FKVReader(BorrowedSource(bytes))
      guard reader.fileBytes == bytes.count else { throw FuzzFinding("container: a file of \(reader.fileBytes) bytes") }
      _ = try reader.verifyAll()
      for entry in reader.sections {
        // What `verifyAll` has found wrong is wrong here as well.
        do { _ = try reader.payload(of: entry) } catch let error as FormatError { _ = error }
      }
    })

  /// A cache, opened and decoded as a whole, layer by layer and by rows.
  static let cache = FuzzTarget(
    name: "fkv", mostBytes: 8192, memory: MemoryCap(fixed: MemoryCap.layers, perDeclared: 1),
    seeds: { try seeds(most: 6000) }, mutation: { ContainerChanges.mutated($0, &$1) },
    mayThrow: { isFormatError($0) },
    run: { bytes, declared in
      let cache = try opened(bytes)
      // What is being decoded, what was decoded last, and what is compared with it.
      declared = 3 * decoding.memoryBytes
      let groups = cache.layerGroups
      // Many equal layers show nothing that few do not.
      for group in Array(groups.indices.prefix(2)) + (groups.count > 2 ? [groups.count - 1] : []) {
        for kind in CacheKind.allCases { try decode(cache, kind, group) }
      }
    })

  /// A basis file, read whole.
  static let basis = FuzzTarget(
    name: "basis", mostBytes: 4096, memory: MemoryCap(),
    seeds: { try SampleFiles.bytes(in: "\(SampleFiles.vectors)/valid", ending: ".fkvbasis") },
    mutation: { ContainerChanges.mutated($0, &$1) },
    mayThrow: { isFormatError($0) },
    run: { bytes, declared in
      declared = 1 << 20
      let limits = ReadingLimits(sectionRawBytes: 1 << 18, rawBytesFloor: 1 << 16, totalRawBytes: 1 << 20)
      let basis = try ModelBasisFile.read(BorrowedSource(bytes), limits: limits)
      for part in basis.keys + basis.values where part.basis.dimension <= 256 { _ = part.basis.vectors() }
    })

  /// What decoding keys or values of a group may take.
  static let decoding = DecodingLimits(
    memoryBytes: 2 << 20, memoryFloor: 1 << 20, memoryPerByte: 64, workSteps: 1 << 22, workFloor: 1 << 23)

  /// A cache of 8 MiB at most, with the basis file that it names.
  static func opened(_ bytes: UnsafeRawBufferPointer, salvaging: Bool = false, key: FileKey? = nil) throws -> FKVCache {
    var geometry = GeometryLimits()
    geometry.layerBytes = 1 << 20
    geometry.cacheBytes = 8 << 20
    let limits = ReadingLimits(sectionRawBytes: 1 << 20, rawBytesFloor: 1 << 16, totalRawBytes: 16 << 20)
    return try FKVCache(
      BorrowedSource(bytes), limits: limits, geometry: geometry, decoding: decoding, salvaging: salvaging, key: key
    ) { header in bases.first { $0.hash == header.basisHash } }
  }

  /// Whether it is an error of the container, of what is in its sections, or of coded bytes.
  static func isFormatError(_ error: any Error) -> Bool {
    error is FormatError || error is CodecError || isCodingError(error)
  }

  static func seeds(most: Int) throws -> [[UInt8]] {
    try SampleFiles.bytes(in: "\(SampleFiles.vectors)/valid", ending: ".fkv", most: most)
      + SampleFiles.bytes(in: "\(SampleFiles.vectors)/invalid", ending: ".fkv", most: most)
  }

  /// The basis files that the vectors need.
  private static let bases: [ModelBasis] = ["one-group", "two-groups"].map {
    try! ModelBasisFile.read(SampleFiles.path("\(SampleFiles.vectors)/valid/basis-\($0).fkvbasis"))
  }

  private static func decode(_ cache: FKVCache, _ kind: CacheKind, _ group: Int) throws {
    let layers = cache.layerGroups[group]
    let layer = layers.lowerBound
    let shape = cache.description.geometry.layers[layer]
    _ = try cache.middle(kind, layer: layer)
    _ = try cache.summary(kind, group: group)
    let whole = try cache.tensor(kind, layer: layer)
    guard shape.tokens > 0 else { return }
    let rows = shape.tokens / 3..<max(shape.tokens / 3 + 1, shape.tokens / 2)
    let some = try cache.rows(kind, group: group, layers.map { _ in rows })[0]
    guard some == whole.rows(rows) else { throw FuzzFinding("fkv: rows \(rows) differ when read alone") }
  }
}
