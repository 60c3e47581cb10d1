import FileIO
import KVCacheModel

/// Caches that `torch.save` wrote (formats/transformers.md); read only.
public struct TorchFormat: CacheFormat {
  static let formatName = "torch"

  public init() {}

  public var name: String { Self.formatName }
  public var summary: String { "torch.save archive of a DynamicCache or of its tensors, nothing of it run" }
  public var directions: FormatDirections { .read }
  public var cannotCarry: [String] { ["RoPE", "attention scale", "query heads", "probe queries"] }
  public var keyConvention: KeyConvention? { .transformers }

  /// Whether it is an archive with torch's pickle, or one of torch's older files (which `open` refuses by name).
  public func recognises(_ item: FormatItem) -> Bool {
    if item.head.starts(with: TorchCacheFile.oldMagic) { return true }
    guard item.head.starts(with: [0x50, 0x4B, 3, 4]) else { return false }
    return (try? ZIPDirectory(path: item.path))?.entries.contains { $0.name.hasSuffix("/data.pkl") } ?? false
  }

  public func open(_ path: String, supplied: SuppliedFacts) throws -> any ForeignCache {
    try TorchCacheFile(path: path)
  }
}
