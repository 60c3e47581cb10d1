import KVCacheModel

/// Headerless numbers (formats/raw.md); read only, and never told by content.
public struct RawFormat: CacheFormat {
  static let formatName = "raw"

  public init() {}

  public var name: String { Self.formatName }
  public var summary: String { "headerless numbers, with --shape, --dtype and --layout" }
  public var directions: FormatDirections { .read }
  public var cannotCarry: [String] { ["everything but numbers"] }
  public var keyConvention: KeyConvention? { nil }

  public func open(_ path: String, supplied: SuppliedFacts) throws -> any ForeignCache {
    try RawCache(path: path, supplied: supplied)
  }
}
