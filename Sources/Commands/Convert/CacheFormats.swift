import FKVFormat
import FileIO
import Interchange

/// The formats that caches are converted from and to.
public enum CacheFormats {
  /// All of them, in the order in which a file's format is told.
  ///
  /// - Parameters:
  ///   - basisFile: the basis file for an `.fkv` that needs one; nil looks in the cache folder.
  ///   - key: of an encrypted `.fkv`, and of one to be written.
  public static func all(basisFile: String? = nil, key: FileKey? = nil) -> [any CacheFormat] {
    [
      FKVCacheFormat(basisFile: basisFile, key: key), CaptureFormat(), LlamaSequenceFormat(), LlamaSessionFormat(),
      MLXFormat(), TransformersFormat(), TorchFormat(), LMCacheFormat(), VLLMFormat(), RawFormat(),
    ]
  }

  /// Other names that some formats go by.
  private static let aliases = ["safetensors": "capture"]

  /// The format of that name; `safetensors` is `capture`. nil for a name that none has.
  public static func named(_ name: String, basisFile: String? = nil, key: FileKey? = nil) -> (any CacheFormat)? {
    all(basisFile: basisFile, key: key).first { $0.name == aliases[name] ?? name }
  }

  /// Names that formats of a direction go by.
  public static func names(_ direction: FormatDirections) -> [String] {
    let names = all().filter { $0.directions.contains(direction) }.map(\.name)
    return names + aliases.filter { names.contains($0.value) }.keys.sorted()
  }

  /// Whether the format of that name is written as a folder of files.
  public static func writesFolder(_ name: String) -> Bool { named(name) is LMCacheFormat }

  /// The format of a file or folder, told by its content.
  ///
  /// - Throws: `UnknownFormat` if it is none that fkv reads; `FileError` if it cannot be read.
  public static func recognise(_ path: String, basisFile: String? = nil, key: FileKey? = nil) throws -> any CacheFormat
  {
    let item = try FormatItem(path: path)
    let readable = all(basisFile: basisFile, key: key).filter { $0.directions.contains(.read) }
    guard let format = readable.first(where: { $0.recognises(item) }) else { throw try FormatDiagnosis.fault(of: item) }
    return format
  }
}

/// A file whose content is of no format that fkv can tell.
public struct UnknownFormat: Error, Equatable, Sendable, CustomStringConvertible {
  public var path: String
  /// What it is instead, as far as that can be told: `a GGUF model`.
  public var kind: String?

  public var description: String {
    if let kind { return "\(path): not a cache, but \(kind)" }
    return "\(path): not a cache of a format that can be told by its content; --from names one (fkv convert --list)"
  }
}
