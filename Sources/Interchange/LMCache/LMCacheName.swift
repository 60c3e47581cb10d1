import KVCacheModel

/// The name of a chunk's file: `model@world@worker@hash@dtype.data`, perhaps with tags after it, `/` as `-SEP-`.
struct LMCacheName: Hashable {
  /// Everything but the hash: what chunks of one cache share.
  struct Store: Hashable {
    var model: String
    var worldSize: String
    var worker: String
    var rest: [String]
  }

  static let suffix = ".data"
  var store: Store
  /// As LMCache writes it: hexadecimal, perhaps with a sign.
  var hash: String

  /// Reads a file's name; nil for any other.
  init?(_ name: String) {
    guard name.hasSuffix(Self.suffix) else { return nil }
    let parts = name.dropLast(Self.suffix.count).split(separator: "@", omittingEmptySubsequences: false).map(
      String.init)
    guard parts.count >= 5, parts[3].drop(while: { $0 == "-" }).allSatisfy(\.isHexDigit), !parts[3].isEmpty else {
      return nil
    }
    store = Store(
      model: parts[0].replacing("-SEP-", with: "/"), worldSize: parts[1], worker: parts[2], rest: Array(parts[4...]))
    hash = parts[3]
  }

  /// The name of a chunk of a model that runs on one worker.
  static func name(model: String, hash: Int64, type: ElementType) -> String {
    let dtype = type == .float16 ? "half" : type == .bfloat16 ? "bfloat16" : "float"
    return "\(model)@1@0@\(LMCacheHash.name(hash))@\(dtype)".replacing("/", with: "-SEP-") + suffix
  }
}
