import KVCacheModel

/// fkv's own capture (formats/capture.md), the one format that loses nothing.
public struct CaptureFormat: CacheFormat {
  public init() {}

  public var name: String { "capture" }
  public var summary: String { "fkv's capture, a safetensors file" }
  public var fileExtension: String { "safetensors" }
  public var directions: FormatDirections { .both }
  public var cannotCarry: [String] { [] }
  public var keyConvention: KeyConvention? { nil }
  public var needs: Set<CacheFact> { [.queryHeads, .rope, .keyPairs, .attentionScale] }

  public func recognises(_ item: FormatItem) -> Bool {
    item.safetensors?.metadata[CaptureKey.format] == CaptureKey.formatName
  }

  public func open(_ path: String, supplied: SuppliedFacts) throws -> any ForeignCache {
    SourceCache(try CaptureFile(path: path), path: path, format: name)
  }

  public func write(
    _ source: any CacheSource, to path: String, options: WriteOptions, afterLayer: (Int) throws -> Void
  ) throws -> [ConversionLoss] {
    try CaptureWriter.write(source, to: path, afterLayer: afterLayer)
    return []
  }
}

/// A cache of which its file says everything, as a foreign cache.
public struct SourceCache: ForeignCache {
  public let facts: ForeignFacts
  private let source: any CacheSource

  public init(_ source: any CacheSource, path: String, format: String) {
    let description = source.description
    var facts = ForeignFacts(
      path: path, format: format,
      layers: description.geometry.layers.map {
        ForeignFacts.Layer(
          kvHeads: $0.kvHeads, headDim: $0.headDim, tokens: $0.tokens, firstPosition: $0.firstPosition,
          queryHeads: $0.queryHeads, slidingWindow: $0.slidingWindow, ropeIndex: $0.ropeIndex)
      }, keyType: description.keyType, valueType: description.valueType, keyConvention: nil)
    facts.tokens = description.tokens
    facts.model = description.model
    facts.ropes = description.ropes
    facts.attentionScale = description.attentionScale
    facts.attentionSoftcap = description.attentionSoftcap
    facts.probeQueries = description.probeQueries
    facts.provenance = description.provenance
    self.facts = facts
    self.source = source
  }

  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor { try source.tensor(kind, layer: layer) }
  public func probeQueries(layer: Int) throws -> ProbeQueries? { try source.probeQueries(layer: layer) }
}
