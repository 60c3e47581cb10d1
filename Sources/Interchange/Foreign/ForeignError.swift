/// Why another program's cache file was refused, or a cache could not be written as one.
///
/// `what` names the field, tensor or file in the other program's words.
public enum ForeignError: Error, Equatable, Sendable {
  /// The file does not look like one of that format at all.
  case notThisFormat(path: String, format: String, reason: String)
  /// A field, tensor or file that every cache of the format has is not there.
  case missing(path: String, what: String)
  /// A field holds what it cannot hold, or contradicts another.
  case invalid(path: String, what: String, expected: String, found: String)
  /// A tensor has a shape that the format does not give it.
  case shape(path: String, tensor: String, expected: String, found: [Int])
  /// The file is sound, but holds what fkv cannot take over.
  case unsupported(path: String, what: String, found: String)
  /// The file ends within `what`, which begins at `offset` and takes `wanted` bytes.
  case truncated(path: String, what: String, offset: Int, wanted: Int, fileBytes: Int)
  /// The format cannot hold this cache.
  case cannotWrite(format: String, what: String, found: String)
}

extension ForeignError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notThisFormat(let path, let format, let reason): "\(path): not \(format): \(excerpt(reason))"
    case .missing(let path, let what): "\(path): has no \(excerpt(what))"
    case .invalid(let path, let what, let expected, let found):
      "\(path): \(excerpt(what)): expected \(excerpt(expected)), found \(excerpt(found))"
    case .shape(let path, let tensor, let expected, let found):
      "\(path): tensor \"\(excerpt(tensor))\" has shape \(excerpt("\(found)")), must be \(expected)"
    case .unsupported(let path, let what, let found):
      "\(path): \(excerpt(what)) is \(excerpt(found)), which fkv cannot take over"
    case .truncated(let path, let what, let offset, let wanted, let fileBytes):
      "\(path): truncated: \(excerpt(what)) at offset \(offset) takes \(wanted) bytes, but the file has \(fileBytes)"
    case .cannotWrite(let format, let what, let found): "\(format) cannot hold this cache: \(what) is \(found)"
    }
  }
}
