import FileIO
import KVCacheModel

/// A captured cache in a safetensors file (formats/capture.md), read one layer at a time.
///
/// All metadata and shapes are checked when it is opened, so that what remains to fail later is reading itself.
public struct CaptureFile: CacheSource {
  /// All that metadata, token ids and dtypes say of the cache.
  public let description: CacheDescription
  /// The path that the file was opened under.
  public var path: String { file.path }
  private let file: SafetensorsFile
  private let probeFirstPosition: Int

  /// Opens a capture and checks that its metadata and tensors agree.
  ///
  /// Needs memory for the header and the token ids only. Tensors whose names do not begin with `layers.` and metadata
  /// that the format does not know are passed over.
  ///
  /// - Throws: `CaptureError` that names the key or tensor, `SafetensorsError` if the file is no safetensors file,
  ///   `FileError` if it cannot be read.
  public init(path: String) throws { try self.init(FileReader(path: path)) }

  /// Opens a capture whose bytes may lie anywhere; throws as the other initializer.
  public init(_ bytes: any ByteSource) throws {
    let (file, path) = (try SafetensorsFile(bytes), bytes.name)
    let layout = CaptureLayout(file: file)
    let facts = try CaptureMetadata(path: path, texts: file.metadata).facts(checkingLayers: layout.checkCount)
    let types = try layout.check(facts)
    let tokens = try layout.tokens(facts.geometry)
    self.file = file
    probeFirstPosition = facts.probeFirstPosition
    description = CacheDescription(
      model: facts.model, geometry: facts.geometry, ropes: facts.ropes, tokens: tokens, keyType: types.key,
      valueType: types.value, attentionScale: facts.attentionScale, attentionSoftcap: facts.attentionSoftcap,
      probeQueries: facts.probeQueries, provenance: facts.provenance)
  }

  /// Keys or values of one layer, as stored.
  ///
  /// - Throws: `FileError` if the file cannot be read.
  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    let shape = description.geometry.layers[layer]
    return CacheTensor(
      kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim,
      elementType: description.elementType(of: kind), bytes: try file.read(CaptureKey.tensor(layer, kind.name)))
  }

  /// The layer's probe queries in Float32, widened where the file holds F16; nil if the capture has none.
  ///
  /// - Throws: `FileError` if the file cannot be read.
  public func probeQueries(layer: Int) throws -> ProbeQueries? {
    guard description.probeQueries > 0 else { return nil }
    let shape = description.geometry.layers[layer]
    let name = CaptureKey.tensor(layer, "query")
    let bytes = try file.read(name)
    let elements: [Float] =
      try file.tensor(name).dataType == .float16
      ? bytes.littleEndian(as: UInt16.self).map(Float.init(halfBits:))
      : bytes.littleEndian(as: UInt32.self).map(Float.init(bitPattern:))
    return ProbeQueries(
      heads: shape.queryHeads, count: description.probeQueries, headDim: shape.headDim,
      firstPosition: probeFirstPosition, elements: elements)
  }
}
