import FileIO
import KVCacheModel

/// Folders of vLLM's ExampleConnector (formats/vllm.md); read only.
public struct VLLMFormat: CacheFormat {
  static let formatName = "vllm"

  public init() {}

  public var name: String { Self.formatName }
  public var summary: String { "vLLM ExampleConnector (SharedStorageConnector) folder" }
  public var directions: FormatDirections { .read }
  public var cannotCarry: [String] { ["tokens", "RoPE", "attention scale", "query heads", "probe queries"] }
  public var keyConvention: KeyConvention? { .transformers }

  /// Whether a folder, or the first folder in it, has a safetensors file with a tensor `kv_cache`.
  public func recognises(_ item: FormatItem) -> Bool {
    guard item.isFolder else { return false }
    let folders = [item.path] + item.names.map { "\(item.path)/\($0)" }.filter(FolderReader.isFolder).prefix(1)
    return folders.contains { folder in
      let names = (try? FolderReader.names(in: folder)) ?? []
      guard let name = names.first(where: { $0.hasSuffix(".safetensors") }) else { return false }
      return (try? SafetensorsFile(path: "\(folder)/\(name)"))?.tensors[VLLMFolder.tensorName] != nil
    }
  }

  public func open(_ path: String, supplied: SuppliedFacts) throws -> any ForeignCache {
    try VLLMFolder(path: path, supplied: supplied)
  }
}
