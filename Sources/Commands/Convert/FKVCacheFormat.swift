import CacheCodec
import FKVFormat
import Interchange
import KVCacheModel

/// fkv's own compact files; written with profile `lossless`, since a conversion is to change nothing.
struct FKVCacheFormat: CacheFormat {
  /// The basis file for a file that needs one; nil looks in the cache folder.
  var basisFile: String?
  /// The key of an encrypted file, and of the one that is written.
  var key: FileKey?

  var name: String { "fkv" }
  var summary: String { "fkv's compact file (written with profile lossless)" }
  var fileExtension: String { "fkv" }
  var directions: FormatDirections { .both }
  var cannotCarry: [String] { ["probe queries"] }
  var keyConvention: KeyConvention? { nil }
  var needs: Set<CacheFact> { CaptureFormat().needs }

  func recognises(_ item: FormatItem) -> Bool { FKVReader.recognises(item.head) }

  func open(_ path: String, supplied: SuppliedFacts) throws -> any ForeignCache {
    let cache = try NamedFKVCache(path: path, basis: BasisFinder(file: basisFile, looksFurther: true), key: key)
    return SourceCache(cache, path: path, format: name)
  }

  func write(
    _ source: any CacheSource, to path: String, options: WriteOptions, afterLayer: (Int) throws -> Void
  ) throws -> [ConversionLoss] {
    // Without probe queries, encoding measures nothing that a conversion has no use for.
    let plain = UnprobedCache(source: source)
    var encoder = CacheEncoder(.lossless, writer: FKVVersion.writer)
    encoder.key = key
    _ = try encoder.encode(plain, to: path)
    for layer in source.description.geometry.layers.indices { try afterLayer(layer) }
    return source.description.probeQueries > 0 ? [ConversionLoss(.dropped, "probe queries are left out")] : []
  }
}

/// A cache without its probe queries.
struct UnprobedCache: CacheSource {
  let source: any CacheSource

  var description: CacheDescription {
    var description = source.description
    description.probeQueries = 0
    return description
  }

  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor { try source.tensor(kind, layer: layer) }
  func probeQueries(layer: Int) -> ProbeQueries? { nil }
}
