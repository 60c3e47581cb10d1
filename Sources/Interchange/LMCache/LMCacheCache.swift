import FileIO
import KVCacheModel

/// A cache of LMCache's chunks, one or a folder of them (formats/lmcache.md).
public struct LMCacheCache: ForeignCache {
  public let facts: ForeignFacts
  private let chunks: [LMCacheChunk]

  /// Opens a chunk or a folder and checks all headers; numbers are read on demand.
  ///
  /// From `supplied` come the heads, of which the chunks know only H·D, and the tokens, which order them.
  ///
  /// - Throws: `MissingFacts`, `ForeignError`, `CaptureError` where what fkv added is broken, `FileError`.
  public init(path: String, supplied: SuppliedFacts) throws {
    let sidecar = try Self.sidecar(path)
    let told = try sidecar?[EmbeddedFacts.tokensKey].map { try EmbeddedFacts.tokens($0, path: path) }
    let folder = try LMCacheFolder(path: path, tokens: supplied.tokens ?? told)
    let chunks = folder.chunks
    for chunk in chunks.dropFirst()
    where chunk.layers != chunks[0].layers || chunk.features != chunks[0].features || chunk.type != chunks[0].type {
      throw ForeignError.invalid(
        path: chunk.reader.path, what: "the chunk",
        expected: "\(chunks[0].layers) layers of \(chunks[0].features) \(chunks[0].type.safetensorsName)",
        found: "\(chunk.layers) of \(chunk.features) \(chunk.type.safetensorsName)")
    }
    let (total, overflow) = chunks.reduce((0, false)) {
      let (sum, overflow) = $0.0.addingReportingOverflow($1.tokens)
      return (sum, overflow || $0.1)
    }
    guard !overflow, total <= CaptureLimit.position else {
      throw ForeignError.invalid(path: path, what: "tokens of all chunks", expected: "below 2^31", found: "\(total)")
    }
    let described = try sidecar?[EmbeddedFacts.descriptionKey].map {
      try EmbeddedFacts.geometry($0, layers: chunks[0].layers, path: path)
    }
    let heads = try FusedHeads(
      features: chunks[0].features, path: path,
      kvHeads: described?.layers.first?.kvHeads ?? supplied.fusedHeads?.kvHeads,
      headDim: described?.layers.first?.headDim ?? supplied.fusedHeads?.headDim)
    let layer = ForeignFacts.Layer(kvHeads: heads.kvHeads, headDim: heads.headDim, tokens: total)
    var facts = ForeignFacts(
      path: path, format: LMCacheFormat.formatName, layers: Array(repeating: layer, count: chunks[0].layers),
      keyType: chunks[0].type, valueType: chunks[0].type, keyConvention: .transformers)
    facts.provenance["source.format"] = "LMCache chunks, KV_2LTD"
    facts.model.name = folder.model
    if let text = sidecar?[EmbeddedFacts.descriptionKey] { try EmbeddedFacts.add(text, to: &facts) }
    if folder.missingTokens == 0 { facts.tokens = told }
    if folder.missingTokens > 0 {
      facts.losses.append(
        ConversionLoss(.dropped, "the last \(folder.missingTokens) of the tokens given have no chunk"))
    }
    self.chunks = chunks
    self.facts = facts
  }

  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    let shape = facts.layers[layer]
    let rows = try chunks.reduce(into: [UInt8]()) { $0 += try $1.rows(kind, layer: layer) }
    let view = StridedView.heads(shape.kvHeads, tokens: shape.tokens, dims: shape.headDim)
    return CacheTensor(
      kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim, elementType: facts.keyType,
      bytes: view.gathered(rows, size: facts.keyType.byteCount))
  }

  /// The texts that fkv left in a folder; nil where there are none.
  private static func sidecar(_ path: String) throws -> [String: String]? {
    guard FolderReader.isFolder(path), try FolderReader.names(in: path).contains(LMCacheFolder.sidecar) else {
      return nil
    }
    let reader = try FileReader(path: "\(path)/\(LMCacheFolder.sidecar)")
    guard reader.byteCount <= SafetensorsFile.headerLimit else {
      throw ForeignError.unsupported(path: reader.path, what: "its length", found: "\(reader.byteCount) bytes")
    }
    let bytes = try reader.read(at: 0, count: reader.byteCount)
    return try EmbeddedFacts.object(String(decoding: bytes, as: UTF8.self), path: reader.path)
  }
}
