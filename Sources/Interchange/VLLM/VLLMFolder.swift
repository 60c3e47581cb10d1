import FileIO
import KVCacheModel

/// What vLLM's ExampleConnector (SharedStorageConnector before) saves of a prompt: a folder with one safetensors file a
/// layer, of one tensor `kv_cache` (formats/vllm.md).
public struct VLLMFolder: ForeignCache {
  public let facts: ForeignFacts
  private let layers: [Layer]

  /// One layer's file.
  private struct Layer: Sendable {
    var file: SafetensorsFile
    /// T, and the places of keys and values: [2, T, …] or [T, 2, …].
    var tokens: Int
    var kindsFirst: Bool
    /// H·D, or [H, D].
    var inner: [Int]
    var type: ElementType

    /// H·D.
    var features: Int { inner.reduce(1, *) }
  }

  static let tensorName = "kv_cache"
  private static let suffix = ".safetensors"

  /// Opens the folder of one prompt, or a storage that holds one only, and checks all files; numbers are read on
  /// demand.
  ///
  /// - Throws: `ForeignError`, `MissingFacts` for heads that nobody says, `FactConflict`, `SafetensorsError`,
  ///   `FileError`.
  public init(path: String, supplied: SuppliedFacts) throws {
    let folder = try Self.folder(path)
    var found: [Int: String] = [:]
    for name in try FolderReader.names(in: folder) where name.hasSuffix(Self.suffix) {
      let numbers = name.dropLast(Self.suffix.count).split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
      guard numbers.count == 1, let layer = numbers.first, layer < CaptureLimit.dimension else {
        throw ForeignError.unsupported(path: folder, what: "a layer's file", found: "named \"\(excerpt(name))\"")
      }
      if let other = found.updateValue(name, forKey: layer) {
        throw ForeignError.invalid(
          path: folder, what: "layer \(layer)", expected: "one file", found: "\(excerpt(other)) and \(excerpt(name))")
      }
    }
    guard !found.isEmpty else {
      throw ForeignError.notThisFormat(path: path, format: "a vLLM storage", reason: "it has no layer's file")
    }
    layers = try (0...(found.keys.max() ?? 0)).map { layer in
      guard let name = found[layer] else { throw ForeignError.missing(path: folder, what: "file of layer \(layer)") }
      return try Self.layer("\(folder)/\(name)")
    }
    let first = layers[0]
    for layer in layers where layer.tokens != first.tokens || layer.type != first.type {
      throw ForeignError.invalid(
        path: layer.file.path, what: "the tensor", expected: "\(first.tokens) tokens of \(first.type.safetensorsName)",
        found: "\(layer.tokens) of \(layer.type.safetensorsName)")
    }
    facts = try Self.facts(layers, path: path, supplied: supplied)
  }

  public func tensor(_ kind: CacheKind, layer index: Int) throws -> CacheTensor {
    let (shape, layer) = (facts.layers[index], layers[index])
    let size = layer.type.byteCount
    let count = layer.tokens * layer.features
    let bytes = try layer.file.read(Self.tensorName)
    // Of (2, T, H, D) or (T, 2, H, D), one of the two as (H, T, D).
    let part = kind == .key ? 0 : 1
    let view = StridedView(
      count: 2 * count, offset: part * (layer.kindsFirst ? count : layer.features),
      shape: [shape.kvHeads, shape.tokens, shape.headDim],
      strides: [shape.headDim, layer.features * (layer.kindsFirst ? 1 : 2), 1])!
    let span = view.span
    return CacheTensor(
      kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim, elementType: layer.type,
      bytes: view.gathered(Array(bytes[span.lowerBound * size..<span.upperBound * size]), size: size))
  }

  /// The folder with the layers' files: the one given, or the only one in it.
  private static func folder(_ path: String) throws -> String {
    let names = try FolderReader.names(in: path)
    if names.contains(where: { $0.hasSuffix(suffix) }) { return path }
    let folders = names.filter { FolderReader.isFolder("\(path)/\($0)") }
    guard folders.count <= 1 else {
      throw ForeignError.invalid(
        path: path, what: "the storage", expected: "the folder of one prompt", found: "\(folders.count) folders")
    }
    return folders.first.map { "\(path)/\($0)" } ?? path
  }

  private static func layer(_ path: String) throws -> Layer {
    let file = try SafetensorsFile(path: path)
    guard let tensor = file.tensors[tensorName] else {
      throw ForeignError.missing(path: path, what: "tensor \"\(tensorName)\"")
    }
    guard let type = ElementType(safetensorsName: tensor.dataType.rawValue) else {
      throw ForeignError.unsupported(path: path, what: "dtype of kv_cache", found: tensor.dataType.rawValue)
    }
    let shape = tensor.shape
    let isFused = shape.count == 3 && shape[0] == 2
    guard isFused || shape.count == 4 && (shape[0] == 2) != (shape[1] == 2),
      shape.allSatisfy({ $0 > 0 }), shape.dropFirst(2).allSatisfy({ $0 <= CaptureLimit.dimension })
    else {
      // [T, C] is latent attention; [T, H, C] packs keys and values as the attention backend likes.
      throw ForeignError.shape(
        path: path, tensor: tensorName,
        expected: "[2, tokens, heads · dims], [2, tokens, heads, dims] or "
          + "[tokens, 2, heads, dims]", found: shape)
    }
    let kindsFirst = shape[0] == 2
    let tokens = shape[kindsFirst ? 1 : 0]
    guard tokens <= CaptureLimit.position else {
      throw ForeignError.invalid(path: path, what: "tokens", expected: "below 2^31", found: "\(tokens)")
    }
    return Layer(file: file, tokens: tokens, kindsFirst: kindsFirst, inner: Array(shape[2...]), type: type)
  }

  private static func facts(_ layers: [Layer], path: String, supplied: SuppliedFacts) throws -> ForeignFacts {
    let shapes = try layers.enumerated().map { index, layer in
      if layer.inner.count == 2 {
        return ForeignFacts.Layer(kvHeads: layer.inner[0], headDim: layer.inner[1], tokens: layer.tokens)
      }
      let known = supplied.model.flatMap { index < $0.layers.count ? $0.layers[index] : nil }
      let heads = try FusedHeads(
        features: layer.features, path: layer.file.path, kvHeads: known?.kvHeads ?? supplied.kvHeads,
        headDim: known?.headDim ?? supplied.headDim)
      return ForeignFacts.Layer(kvHeads: heads.kvHeads, headDim: heads.headDim, tokens: layer.tokens)
    }
    var facts = ForeignFacts(
      path: path, format: VLLMFormat.formatName, layers: shapes, keyType: layers[0].type, valueType: layers[0].type,
      keyConvention: .transformers)
    facts.provenance["source.format"] = "vLLM ExampleConnector"
    return facts
  }
}
