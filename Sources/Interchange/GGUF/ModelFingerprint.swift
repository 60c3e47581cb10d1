import CXXHash
import FileIO

/// Names a model by what is in its files, without reading all of them: scheme 2.
///
/// A model has one fingerprint, whether it lies in one file or in several, and whatever the order of its metadata and
/// tensors. `FormerModelFingerprint` is scheme 1, which older caches hold.
public enum ModelFingerprint {
  /// What a fingerprint of this scheme begins with.
  public static let prefix = "02"
  /// Pieces of a tensor's data that are hashed, evenly spread, and the bytes of each.
  public static let pieces = 4
  public static let pieceBytes = 4096

  /// `02` and XXH3-128 (seed 0) of metadata, tensor directory and samples of every tensor: 34 lower-case hexadecimal
  /// digits. All integers are little-endian UInt64, texts have their length in bytes first.
  ///
  /// Hashed, in this order:
  /// 1. the number of metadata entries of the first part except `split.…` and `general.alignment`, which only say how
  ///    files are laid out; then each of them by the bytes of its key: key, length of its value, and the value as it
  ///    lies in the file with its type code before it;
  /// 2. the number of tensors of all parts; then each of them by the bytes of its name: name, number of dimensions,
  ///    dimensions, type code, and of its N bytes of data N and all of them if N ≤ 4 · 4096, else 4 pieces of 4096
  ///    bytes, piece i from ⌊i · (N − 4096) / 3⌋.
  ///
  /// Of tensors of an unknown type, whose N is unknown, the first 4096 bytes or those up to the next tensor are hashed,
  /// with 0 for N. The digest is printed in xxHash's canonical order (high half first, big-endian).
  ///
  /// - Throws: `FileError` if reading failed.
  /// - Complexity: 16 KiB are read of each tensor, 8 MB of a model of 500 tensors; 1 MiB of memory.
  public static func compute(_ model: GGUFModel) throws -> String {
    let hash = FingerprintHash()
    let first = model.first
    let keys = first.metadataRanges.keys
      .filter { !$0.hasPrefix("split.") && $0 != "general.alignment" }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    hash.add(keys.count)
    for key in keys {
      let range = first.metadataRanges[key]!
      hash.add(key)
      hash.add(range.count)
      try hash.add(first.file, from: range.lowerBound, count: range.count)
    }
    let tensors = model.parts.flatMap { part in part.tensors.map { (part: part, tensor: $0) } }
      .sorted { $0.tensor.name.utf8.lexicographicallyPrecedes($1.tensor.name.utf8) }
    let starts = model.parts.map { part in (part.path, part.tensors.map(\.offset).sorted()) }
    hash.add(tensors.count)
    for (part, tensor) in tensors {
      hash.add(tensor.name)
      hash.add(tensor.dimensions.count)
      for size in tensor.dimensions { hash.add(size) }
      hash.add(Int(tensor.typeCode))
      hash.add(tensor.byteCount ?? 0)
      if let count = tensor.byteCount {
        try hash.addSamples(of: part.file, from: tensor.offset, count: count, pieces: pieces, pieceBytes: pieceBytes)
      } else {
        let others = starts.first { $0.0 == part.path }!.1
        let end = others.first { $0 > tensor.offset } ?? part.file.byteCount
        try hash.add(part.file, from: tensor.offset, count: min(pieceBytes, max(0, end - tensor.offset)))
      }
    }
    return prefix + hash.digits
  }
}
