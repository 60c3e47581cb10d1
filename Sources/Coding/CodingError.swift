/// Why coded bytes could not be decoded. Offsets count from the start of the coded bytes.
public enum CodingError: Error, Equatable, Sendable {
  /// `part` at `offset` needs `needed` bytes; `available` are left.
  case truncated(part: String, offset: Int, needed: Int, available: Int)
  /// `part` at `offset` names a method that this version does not know.
  case unknownMethod(part: String, offset: Int, method: UInt8)
  /// `part` declares a size that cannot be: `declared` was found where at least `least` and at most `most` can hold.
  case impossibleSize(part: String, declared: Int, least: Int, most: Int)
  /// `part` at `offset` does not decode to what its sizes declare.
  case corrupt(part: String, offset: Int)
  /// `count` bytes at `offset` belong to nothing.
  case trailingBytes(offset: Int, count: Int)
}

extension CodingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let part, let offset, let needed, let available):
      "\(part) at byte \(offset) needs \(needed) bytes, but \(available) are left"
    case .unknownMethod(let part, let offset, let method):
      "\(part) at byte \(offset) uses coding method \(method), which this version does not know"
    case .impossibleSize(let part, let declared, let least, let most):
      "\(part) declares \(declared), but only \(least) to \(most) is possible"
    case .corrupt(let part, let offset):
      "\(part) at byte \(offset) is corrupt"
    case .trailingBytes(let offset, let count):
      "\(count) bytes at byte \(offset) belong to nothing"
    }
  }
}
