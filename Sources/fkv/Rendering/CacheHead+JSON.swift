import CacheCodec
import Commands
import KVCacheModel

/// The part that the JSON of every command that reports on an `.fkv` begins with (docs/guide).
struct CacheHeadJSON: Encodable {
  struct Model: Encodable {
    var name: String
    var architecture: String
    var fingerprint: String
  }

  struct Geometry: Encodable {
    var layers: Int
    var kvHeads: Int
    /// Left out where it is not known.
    var queryHeads: Int?
    var tokens: Int
    var headDim: Int
  }

  struct StoredErrors: Encodable {
    var mean: Double
    var max: Double
    var probeQueries: Int
  }

  /// The basis file that reading the cache needs; its bytes are in no other number.
  struct Basis: Encodable {
    var hash: String
    var bytes: Int?
  }

  var formatVersion = 1
  var profile: String
  var settings: [String]
  var writer: String
  var model: Model
  var geometry: Geometry
  var fileBytes: Int
  var rawBytes: Int
  var ratio: Double
  var bitsPerElement: Double
  var storedError: StoredErrors?
  var basisOutside: Basis?

  init(_ header: CacheHeader, size: CacheSize) {
    let description = header.description
    profile = header.profile.name
    settings = header.settings
    writer = header.writer
    model = Model(
      name: description.model.name, architecture: description.model.architecture,
      fingerprint: description.model.fingerprint)
    geometry = Geometry(description)
    fileBytes = size.fileBytes
    rawBytes = size.rawBytes
    ratio = size.ratio
    bitsPerElement = size.bitsPerElement
    basisOutside = header.basisHash.map { Basis(hash: $0, bytes: header.basisBytes) }
    storedError = header.storedError.map {
      StoredErrors(mean: $0.errors.mean, max: $0.errors.max, probeQueries: $0.probeQueries)
    }
  }
}

extension CacheHeadJSON.Geometry {
  /// Heads and head dimension are the first layer's where layers differ; tokens are the longest layer's.
  init(_ description: CacheDescription) {
    let geometry = description.geometry
    let first = geometry.layers.first
    self.init(
      layers: geometry.layers.count, kvHeads: first?.kvHeads ?? 0,
      queryHeads: description.unknown.contains(.queryHeads) ? nil : first?.queryHeads ?? 0,
      tokens: geometry.tokens, headDim: first?.headDim ?? 0)
  }
}
