import KVCacheModel

/// Why the contents of a section or of the header could not be understood, or a cache could not be encoded.
public enum CodecError: Error, Equatable, Sendable {
  /// `place` ends at `found` bytes where `needed` are declared.
  case truncated(place: String, needed: Int, found: Int)
  /// `place` has `count` bytes after its end.
  case trailingBytes(place: String, count: Int)
  /// A declared value is not what its place allows.
  case badValue(place: String, field: String, declared: String, allowed: String)
  /// The header lacks a field that its profile needs.
  case missingField(String)
  /// There is no section with the keys or values of a layer.
  case missingSection(layer: Int, kind: CacheKind)
  /// The file's profile is not known to this version.
  case unknownProfile(Int)
  /// The file needs the basis file with that hash, and none was given.
  case basisNeeded(hash: String)
  /// The basis file that was given is another than the file needs.
  case wrongBasis(needed: String, found: String)
  /// The basis file was made for another model than made the cache; both are name and fingerprint.
  case basisOfOtherModel(basis: String, cache: String)
  /// The file is a basis file and holds no cache.
  case isBasisFile
  /// The file is no basis file.
  case notBasisFile
  /// Decoding `place` takes `needed` bytes of memory, more than `allowed` (`DecodingLimits`).
  case memoryLimit(place: String, needed: Int, allowed: Int)
  /// Decoding `place` takes `needed` steps of work, more than `allowed` (`DecodingLimits`).
  case workLimit(place: String, needed: Int, allowed: Int)
  /// The cache is of a shape that the codec cannot take.
  case unsuitable(String)
}

extension CodecError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let place, let needed, let found):
      "\(place): \(needed) bytes declared, \(found) found"
    case .trailingBytes(let place, let count):
      "\(place): \(count) bytes behind its end"
    case .badValue(let place, let field, let declared, let allowed):
      "\(place): \(field) is \(declared), allowed is \(allowed)"
    case .missingField(let name):
      "header: no field \(name)"
    case .missingSection(let layer, let kind):
      "no section with the \(kind.name)s of layer \(layer)"
    case .unknownProfile(let code):
      "header: profile \(code) is unknown here; a newer fkv may read it"
    case .basisNeeded(let hash):
      "the file needs the basis file with hash \(hash), and none was given"
    case .wrongBasis(let needed, let found):
      "the file needs the basis file with hash \(needed), the one given has \(found)"
    case .basisOfOtherModel(let basis, let cache):
      "the basis file was made for model \(basis), the cache is of model \(cache)"
    case .isBasisFile:
      "a basis file, which holds no cache; name it with --basis-file"
    case .notBasisFile:
      "not a basis file: its header lacks the basis field"
    case .memoryLimit(let place, let needed, let allowed):
      "\(place): decoding takes \(needed) bytes of memory, the limit is \(allowed)"
    case .workLimit(let place, let needed, let allowed):
      "\(place): decoding takes \(needed) steps of work, the limit is \(allowed)"
    case .unsuitable(let reason):
      reason
    }
  }
}

extension CodecError {
  /// Throws `unsuitable` with a text unless a condition holds.
  static func require(_ holds: Bool, _ text: @autoclosure () -> String) throws(CodecError) {
    guard holds else { throw unsuitable(text()) }
  }
}
