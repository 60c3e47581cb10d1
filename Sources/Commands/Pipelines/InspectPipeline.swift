import CacheCodec
import FKVFormat
import KVCacheModel

/// `fkv inspect`: what is in an `.fkv`.
public struct InspectPipeline: Sendable {
  public var path: String
  /// The key of an encrypted file.
  public var key: FileKey?

  public init(path: String) { self.path = path }

  /// One section of the file.
  public struct Section: Hashable, Sendable {
    public var name: String
    public var layer: Int?
    /// Bytes in the file, its prefix included.
    public var bytes: Int
  }

  /// All that the file says of itself.
  public struct Report: Sendable {
    public var header: CacheHeader
    public var hasTokens: Bool
    public var isEncrypted: Bool
    public var size: CacheSize
    public var sections: [Section]
    /// Prologue, directory and prefixes: bytes that hold no section's contents.
    public var overheadBytes: Int
    /// Layers that are coded together; single layers except for profile `spectral`.
    public var groups: [Range<Int>]
    /// One a group.
    public var keys: [TensorSummary]
    public var values: [TensorSummary]

    /// Bytes of the parts that are kept bit for bit, as they are stored and as they were; nil where there are none or
    /// the profile does not tell them apart.
    public var exactParts: (bytes: Int, rawBytes: Int)? {
      let parts = (keys + values).flatMap(\.parts).filter { $0.rawBytes != nil }
      guard !parts.isEmpty else { return nil }
      return (parts.reduce(0) { $0 + $1.bytes }, parts.reduce(0) { $0 + $1.rawBytes! })
    }

    /// Where the bytes of the whole file went, by name, in file order of first appearance; sums to the file's size.
    public var breakdown: [(name: String, bytes: Int)] {
      var order: [String] = []
      var totals: [String: Int] = [:]
      func add(_ name: String, _ bytes: Int) {
        if totals[name] == nil { order.append(name) }
        totals[name, default: 0] += bytes
      }
      for (label, summaries) in [("keys", keys), ("values", values)] {
        for part in summaries.flatMap(\.parts) { add("\(label): \(part.name)", part.bytes) }
      }
      for section in sections where section.layer == nil { add(section.name, section.bytes) }
      let rest = size.fileBytes - totals.values.reduce(0, +)
      add("framing and checksums", rest)
      return order.map { ($0, totals[$0]!) }
    }
  }

  /// Reads the header, the directory and the head of each section; needs no basis file.
  public func run() throws -> Report {
    let named = try NamedFKVCache(path: path, basis: nil, key: key)
    let cache = named.cache
    let groups = cache.layerGroups
    return Report(
      header: cache.header, hasTokens: cache.description.tokens != nil,
      isEncrypted: cache.reader.key != nil,
      size: CacheSize(fileBytes: cache.reader.fileBytes, geometry: cache.description.geometry),
      sections: cache.reader.sections.map {
        Section(name: $0.kind.description, layer: $0.layer, bytes: $0.fileBytes)
      },
      overheadBytes: cache.reader.overheadBytes, groups: groups,
      keys: try groups.indices.map { try named.summary(.key, group: $0) },
      values: try groups.indices.map { try named.summary(.value, group: $0) })
  }
}
