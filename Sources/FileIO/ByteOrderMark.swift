/// What the first bytes of a text say of its encoding.
public enum ByteOrderMark: Sendable {
  case utf8, utf16, utf32

  /// The mark that bytes begin with; nil if they begin with none.
  public init?(_ bytes: some Collection<UInt8>) {
    let head = Array(bytes.prefix(4))
    switch head {
    case [0xFF, 0xFE, 0, 0], [0, 0, 0xFE, 0xFF]: self = .utf32
    case _ where head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]): self = .utf16
    case _ where head.starts(with: [0xEF, 0xBB, 0xBF]): self = .utf8
    default: return nil
    }
  }

  /// `UTF-16`.
  public var encoding: String {
    switch self {
    case .utf8: "UTF-8"
    case .utf16: "UTF-16"
    case .utf32: "UTF-32"
    }
  }

  /// Bytes without the mark of UTF-8, which is no part of the text.
  public static func dropped(from bytes: [UInt8]) -> ArraySlice<UInt8> {
    ByteOrderMark(bytes) == .utf8 ? bytes.dropFirst(3) : bytes[...]
  }
}
