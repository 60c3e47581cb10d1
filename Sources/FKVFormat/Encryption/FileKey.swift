import Crypto
import FileIO
import Foundation

/// The key of encrypted files: 32 bytes, known to those who may read them.
///
/// It has no description, so that it gets into no message.
public struct FileKey: Sendable {
  /// Bytes of a key: 256 bits.
  public static let byteCount = 32

  let symmetric: SymmetricKey

  /// A key of these bytes; nil unless they are 32.
  public init?(bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    symmetric = SymmetricKey(data: bytes)
  }

  /// The key that a file holds: 32 bytes as they are, or 64 hexadecimal digits with white space around them
  /// and, as some editors begin a text, the byte order mark of UTF-8.
  ///
  /// - Throws: `FileKeyError`.
  public init(parsing bytes: [UInt8]) throws {
    if let key = FileKey(bytes: bytes) {
      self = key
      return
    }
    if let mark = ByteOrderMark(bytes), mark != .utf8 { throw FileKeyError.otherEncoding(mark.encoding) }
    try self.init(hexadecimal: String(decoding: ByteOrderMark.dropped(from: bytes), as: UTF8.self))
  }

  /// The key of 64 hexadecimal digits, of either case, with white space around them.
  ///
  /// - Throws: `FileKeyError`.
  public init(hexadecimal text: String) throws {
    let digits = text.trimmingCharacters(in: .whitespacesAndNewlines)
    let values = digits.map(\.hexDigitValue)
    guard values.allSatisfy({ $0 != nil }), digits.utf8.count == digits.count, !digits.isEmpty else {
      throw FileKeyError.notAKey
    }
    guard values.count == 2 * Self.byteCount else { throw FileKeyError.digits(found: values.count) }
    let bytes = stride(from: 0, to: values.count, by: 2).map { UInt8(16 * values[$0]! + values[$0 + 1]!) }
    symmetric = SymmetricKey(data: bytes)
  }
}

/// Why something is no key. Says nothing of what it holds.
public enum FileKeyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Neither 32 bytes nor hexadecimal digits.
  case notAKey
  /// Hexadecimal digits, but not 64.
  case digits(found: Int)
  /// A text that begins with the byte order mark of that encoding.
  case otherEncoding(String)

  public var description: String {
    switch self {
    case .notAKey: "not a key: expected 32 bytes or 64 hexadecimal digits"
    case .otherEncoding(let encoding): "not a key: a text in \(encoding); expected 32 bytes or 64 hexadecimal digits"
    case .digits(let found): "not a key: \(found) hexadecimal digits, expected 64"
    }
  }
}
