import FileIO
import KVCacheModel

/// Writes caches as a folder of chunks that LMCache's file-system connector finds (formats/lmcache.md), whole or not
/// at all.
public enum LMCacheWriter {
  /// Tokens of a chunk, where LMCache is not set otherwise.
  public static let defaultChunkTokens = 256

  /// Writes a cache, one layer at a time in memory; `afterLayer` is called with each layer that is done.
  ///
  /// - Parameters:
  ///   - chunkTokens: LMCache's `chunk_size`.
  ///   - model: the model's name as the engine has it; nil takes the cache's.
  /// - Throws: `ForeignError.cannotWrite` if layers differ, the cache does not begin at position 0, keys and values
  ///   have two types, or tokens or the model's name are unknown; `FileError`; whatever `source` throws. Then nothing
  ///   is left behind.
  public static func write(
    _ source: some CacheSource, to path: String, chunkTokens: Int = defaultChunkTokens, model: String? = nil,
    afterLayer: (Int) throws -> Void = { _ in }
  ) throws {
    let description = source.description
    let layer = try checked(description)
    guard let tokens = description.tokens, tokens.count >= layer.tokens else {
      throw refusal("the tokens, which name the chunks", "unknown")
    }
    let name = model ?? description.model.name
    guard !name.isEmpty, !name.contains("@"), !name.contains("\0") else {
      throw refusal("the model's name", name.isEmpty ? "unknown" : "\"\(name)\"")
    }
    var chunks: [(name: String, tokens: Range<Int>)] = []
    var hash: Int64 = 0
    for start in stride(from: 0, to: layer.tokens, by: chunkTokens) {
      let range = start..<min(start + chunkTokens, layer.tokens)
      hash = LMCacheHash.chunk(tokens[range], after: hash)
      chunks.append((LMCacheName.name(model: name, hash: hash, type: description.keyType), range))
    }
    guard chunks.allSatisfy({ $0.name.utf8.count <= 255 }) else { throw refusal("the model's name", "too long") }
    let folder = try AtomicFolder(path: path)
    let layers = description.geometry.layers.count
    for chunk in chunks {
      let header = LMCacheChunk.header(
        layers: layers, tokens: chunk.tokens.count, features: layer.features, type: description.keyType)
      guard let header else { throw refusal("the length of a chunk", "2 GiB or more; take fewer tokens a chunk") }
      try folder.append(header, to: chunk.name)
    }
    let row = layer.features * description.keyType.byteCount
    let view = StridedView.tokens(layer.tokens, heads: layer.kvHeads, dims: layer.headDim)
    for kind in CacheKind.allCases {
      for index in 0..<layers {
        let rows = view.gathered(try source.tensor(kind, layer: index).bytes, size: description.keyType.byteCount)
        for chunk in chunks {
          try folder.append(rows[chunk.tokens.lowerBound * row..<chunk.tokens.upperBound * row], to: chunk.name)
        }
        if kind == .value { try afterLayer(index) }
      }
    }
    let texts = [
      EmbeddedFacts.descriptionKey: try EmbeddedFacts.descriptionText(description, path: path),
      EmbeddedFacts.tokensKey: EmbeddedFacts.tokensText(tokens),
    ]
    try folder.append(Array(EmbeddedFacts.objectText(texts).utf8), to: LMCacheFolder.sidecar)
    try folder.commit()
  }

  /// The one shape that all layers have.
  private static func checked(_ description: CacheDescription) throws -> LayerGeometry {
    let layers = description.geometry.layers
    guard let first = layers.first, first.tokens > 0 else { throw refusal("the cache", "empty") }
    guard description.geometry.isUniform else { throw refusal("a layer", "unlike the others") }
    if let partial = layers.first(where: { $0.firstPosition != 0 }) {
      throw refusal("the first position", "\(partial.firstPosition)")
    }
    guard description.keyType == description.valueType else {
      throw refusal(
        "the type of values",
        "\(description.valueType.safetensorsName) with keys of \(description.keyType.safetensorsName)")
    }
    return first
  }

  private static func refusal(_ what: String, _ found: String) -> ForeignError {
    .cannotWrite(format: "LMCache's KV_2LTD", what: what, found: found)
  }
}
