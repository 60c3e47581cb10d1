import FKVFormat
import FileIO
import Foundation

/// Where the key of encrypted files comes from: a file, or the environment; never a command line, which everyone on the
/// machine can read.
public struct KeyLocation: Sendable {
  /// The environment's variable with a key of 64 hexadecimal digits.
  public static let variable = "FKV_KEY"

  /// The key, and what is to be said of where it lies.
  public struct Found: Sendable {
    public var key: FileKey
    /// A warning about the place; nil if there is none.
    public var warning: String?
  }

  /// The key of a file, or else that of the environment; nil if there is neither.
  ///
  /// - Parameter file: 32 bytes as they are, or 64 hexadecimal digits; a file or pipe, or `-` for standard input.
  /// - Throws: `FileError`; `FileFailure` about `file`, or about the variable, with a `FileKeyError`.
  public static func find(
    file: String?, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> Found? {
    if let file {
      // A key file has 32 bytes or some more than 64: what is far longer is not read to its end.
      let input = try InputBytes(path: file, limit: 256)
      let key = try FileFailure.naming(input.source) { try FileKey(parsing: input.bytes) }
      var warning: String?
      if let permissions = input.permissions, permissions & 0o077 != 0 {
        warning = "\(file): the key can be read or changed by others (mode \(octal(permissions)))"
      }
      return Found(key: key, warning: warning)
    }
    guard let text = environment[variable], !text.isEmpty else { return nil }
    return try FileFailure.naming(variable) { Found(key: try FileKey(hexadecimal: text), warning: nil) }
  }

  private static func octal(_ mode: Int) -> String { "0" + String(mode, radix: 8) }
}
