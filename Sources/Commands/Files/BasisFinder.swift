import CacheCodec
import Foundation
import KVCacheModel

/// Finds basis files: the one that was named, or those in the cache folder.
struct BasisFinder: Sendable {
  /// The file that the user named.
  var file: String?
  /// Whether a file that needs another basis than the named one may have it from the cache folder.
  var looksFurther = false

  /// A basis and where it was found.
  struct Found: Sendable {
    var path: String
    var basis: ModelBasis
  }

  /// The basis that an `.fkv` names by its hash; nil if it needs none.
  ///
  /// - Throws: `CodecError.wrongBasis` if the named file is another, `BasisFailure.missing`, what reading throws.
  func basis(for header: CacheHeader) throws -> ModelBasis? {
    guard let hash = header.basisHash else { return nil }
    if let file {
      let found = try FileFailure.naming(file) { try ModelBasisFile.hash(file) }
      if found == hash { return try Self.read(file) }
      if !looksFurther { throw FileFailure(path: file, error: CodecError.wrongBasis(needed: hash, found: found)) }
    }
    let fingerprint = header.description.model.fingerprint
    let former = header.description.formerFingerprint.flatMap { $0 == fingerprint ? nil : $0 }
    let places = [fingerprint, former].compactMap { $0 }.flatMap {
      [BasisLocation.path(fingerprint: $0, hash: hash), BasisLocation.path(fingerprint: $0)].compactMap { $0 }
    }
    for place in places where FileManager.default.fileExists(atPath: place) {
      if try FileFailure.naming(place, { try ModelBasisFile.hash(place) }) == hash { return try Self.read(place) }
    }
    throw BasisFailure.missing(hash: hash, places: ([file].compactMap { $0 }) + places)
  }

  /// The basis to code a cache of a model with.
  ///
  /// - Parameter former: the model's fingerprint of scheme 1, under which an older basis may lie.
  /// - Throws: `BasisFailure.noneForModel`, `.unknownModel`; what reading throws.
  func basis(for model: ModelIdentity, former: String? = nil) throws -> Found {
    if let file { return Found(path: file, basis: try Self.read(file)) }
    guard let place = BasisLocation.path(fingerprint: model.fingerprint) else { throw BasisFailure.unknownModel }
    guard FileManager.default.fileExists(atPath: place) else {
      if let older = former.flatMap({ BasisLocation.path(fingerprint: $0) }),
        FileManager.default.fileExists(atPath: older)
      {
        return Found(path: older, basis: try Self.read(older))
      }
      throw BasisFailure.noneForModel(model.name.isEmpty ? model.fingerprint : model.name, place: place)
    }
    return Found(path: place, basis: try Self.read(place))
  }

  /// The basis that lies in the cache folder for a model; nil if none does.
  func basisInFolder(for model: ModelIdentity, former: String? = nil) throws -> Found? {
    do { return try BasisFinder().basis(for: model, former: former) } catch is BasisFailure { return nil }
  }

  private static func read(_ path: String) throws -> ModelBasis {
    try FileFailure.naming(path) { try ModelBasisFile.read(path) }
  }
}
