import FileIO
import KVCacheModel

@testable import CacheCodec
@testable import FKVFormat

/// Files that are damaged, and files that are encrypted.
extension ContainerTargets {
  /// What is left of a damaged cache. What is lost is named, and what is not is what decoding gives.
  static let salvaging = FuzzTarget(
    name: "salvage", mostBytes: 8192, memory: MemoryCap(fixed: MemoryCap.layers, perByte: 64, perDeclared: 1),
    seeds: { try seeds(most: 6000) },
    mutation: { bytes, changes in
      // Hashes that do not fit are half of what salvage is for.
      changes.once(in: 2) ? changes.changed(bytes) : ContainerChanges.mutated(bytes, &changes)
    }, mayThrow: { isFormatError($0) },
    run: { bytes, declared in
      let cache = try opened(bytes, salvaging: true)
      declared = 3 * decoding.memoryBytes
      for group in cache.layerGroups.indices.prefix(2) {
        for kind in CacheKind.allCases {
          let (tensors, losses) = try cache.salvage(kind, group: group)
          let layers = cache.layerGroups[group]
          guard tensors.count == layers.count else { throw FuzzFinding("salvage: \(tensors.count) tensors") }
          for loss in losses { _ = loss.description }
          guard losses.isEmpty, cache.description.geometry.layers[layers.lowerBound].tokens > 0 else { continue }
          guard try cache.tensor(kind, layer: layers.lowerBound) == tensors[0] else {
            throw FuzzFinding("salvage: other \(kind.name)s than decoded")
          }
        }
      }
    })

  /// Encrypted files, opened with their key. Nothing that was changed may be decoded as something else: hashes are made
  /// right by whoever changes a file, the seal's tags are not.
  static let sealed = FuzzTarget(
    name: "sealed", mostBytes: 8192, memory: MemoryCap(fixed: MemoryCap.layers, perDeclared: 1),
    seeds: {
      try ["lossless-f16", "lossless-one-token", "fourier-f16", "spectral-one-token", "spectral-coarse"].map {
        try encrypted("\(SampleFiles.vectors)/valid/\($0).fkv")
      }
    }, mutation: { ContainerChanges.mutated($0, &$1) }, mayThrow: { isFormatError($0) },
    run: { bytes, declared in
      let cache = try opened(bytes, key: key)
      declared = 3 * decoding.memoryBytes
      for layer in cache.description.geometry.layers.indices.prefix(2) {
        for kind in CacheKind.allCases { _ = try cache.tensor(kind, layer: layer) }
      }
    })

  private static let key = FileKey(bytes: [UInt8](0..<32))!

  /// The file under that name, encrypted; the same bytes in every run.
  private static func encrypted(_ name: String) throws -> [UInt8] {
    let reader = try FKVReader(path: SampleFiles.path(name))
    let memory = MemoryDestination()
    let writer = try FKVWriter(to: memory, key: key, salt: [UInt8](repeating: 7, count: 32))
    for entry in reader.sections where entry.kind != .header { try writer.copySection(from: reader, entry) }
    try writer.commit(header: CacheHeader(parsing: reader.header).record)
    return memory.bytes!
  }
}
