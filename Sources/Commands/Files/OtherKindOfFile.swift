import FKVFormat
import Interchange

/// A file that is no `.fkv`, with what it is instead.
struct OtherKindOfFile: Error, CustomStringConvertible {
  let error: FormatError
  let kind: String

  var description: String { "\(error); it is \(kind)" }

  /// What a file is: a capture, another program's cache, or a known kind of file; nil where that cannot be told.
  static func name(of path: String) -> String? {
    guard let item = try? FormatItem(path: path) else { return nil }
    if let format = OpenedCache.foreignFormat(of: item) {
      return "another program's cache (\(format.summary)); fkv convert reads it"
    }
    if CaptureFormat().recognises(item) { return "a capture; fkv compress makes an .fkv of it" }
    return ((try? FormatDiagnosis.fault(of: item)) as? UnknownFormat)?.kind
  }
}
