/// Why a file was not taken as GGUF.
public enum GGUFError: Error, Equatable, Sendable {
  /// The file does not begin with the four bytes `GGUF`.
  case notGGUF(path: String)
  /// The version is none that this reader knows (2 and 3, little-endian).
  case unsupportedVersion(path: String, found: UInt32)
  /// The file ends within `what`, which begins at `offset` and takes `wanted` bytes or more; the file has `fileBytes`.
  case truncated(path: String, what: String, offset: Int, wanted: UInt64, fileBytes: Int)
  /// A name or string longer than any model's: `found` bytes, where `limit` are allowed.
  case tooLong(path: String, what: String, offset: Int, found: UInt64, limit: UInt64)
  /// A value type that GGUF does not define, or an array within an array.
  case invalidValueType(path: String, key: String, found: UInt32)
  /// The same metadata key or tensor name occurs twice.
  case duplicate(path: String, name: String)
  /// `general.alignment` is not a power of two.
  case invalidAlignment(path: String, found: UInt64)
  /// A tensor whose dimensions or data position cannot be: more than four dimensions, a product past 2⁶³, an offset
  /// that is not a multiple of the alignment.
  case invalidTensor(path: String, name: String, reason: String)
  /// A part of a split model that is not the one that is needed.
  case invalidSplit(path: String, reason: String)
}

extension GGUFError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notGGUF(let path): "\(path): not a GGUF file"
    case .unsupportedVersion(let path, let found) where 1...3 ~= found.byteSwapped:
      "\(path): a big-endian GGUF (version \(found.byteSwapped)); fkv reads little-endian files only"
    case .unsupportedVersion(let path, let found): "\(path): GGUF version \(found); this reader knows 2 and 3"
    case .truncated(let path, let what, let offset, let wanted, let fileBytes):
      "\(path): truncated GGUF: \(what) at offset \(offset) takes \(wanted) bytes, but the file has \(fileBytes)"
    case .tooLong(let path, let what, let offset, let found, let limit):
      "\(path): \(what) at offset \(offset) has \(found) bytes; at most \(limit) are allowed"
    case .invalidValueType(let path, let key, let found): "\(path): metadata '\(key)' has unknown value type \(found)"
    case .duplicate(let path, let name): "\(path): '\(name)' occurs twice"
    case .invalidAlignment(let path, let found): "\(path): alignment \(found) is not a power of two"
    case .invalidSplit(let path, let reason): "\(path): split GGUF: \(reason)"
    case .invalidTensor(let path, let name, let reason): "\(path): tensor '\(name)': \(reason)"
    }
  }
}
