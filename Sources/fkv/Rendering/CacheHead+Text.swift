import CacheCodec
import Commands
import KVCacheModel

/// The lines that every command begins its report on a cache with.
enum CacheHeadText {
  static func lines(_ header: CacheHeader, size: CacheSize) -> [String] {
    let model = header.description.model
    var lines = [
      "model     \(model.name.isEmpty ? "unnamed" : model.name) (\(model.architecture), \(model.fingerprint.prefix(16)))",
      "cache     \(geometry(header.description))",
      "profile   \(header.profile.name)\(header.settings.isEmpty ? "" : " (" + header.settings.joined(separator: " ") + ")")",
      "size      \(sizeLine(size))",
    ]
    if let hash = header.basisHash { lines.append("\(basis(hash: hash, bytes: header.basisBytes))") }
    if let stored = header.storedError {
      lines.append(
        "error     \(Format.significant(stored.errors.mean)) mean, \(Format.significant(stored.errors.max)) max at the "
          + "attention output, \(stored.probeQueries) probe queries")
    }
    return lines
  }

  /// `30 layers × 3 KV heads (9 query heads) × 4096 tokens × 64 dims`, without the query heads where they are not known.
  static func geometry(_ description: CacheDescription) -> String {
    let queryHeads = { (count: Int) in
      description.unknown.contains(.queryHeads) ? "" : " (\(count) query heads)"
    }
    let geometry = description.geometry
    guard let first = geometry.layers.first else { return "no layers" }
    let line =
      "\(geometry.layers.count) layers × \(first.kvHeads) KV heads\(queryHeads(first.queryHeads)) × "
      + "\(geometry.tokens) tokens × \(first.headDim) dims"
    return geometry.isUniform ? line : line + ", layers differ"
  }

  /// `basis model 0123456789abcdef (5.43 MB outside this file)`.
  static func basis(hash: String, bytes: Int?) -> String {
    "basis model \(hash) (\(bytes.map { Format.bytes($0) + " " } ?? "")outside this file)"
  }

  /// `13.4 MB of 94.4 MB: ratio 7.04×, 2.27 bits per element, everything counted`.
  static func sizeLine(_ size: CacheSize) -> String {
    "\(Format.bytes(size.fileBytes)) of \(Format.bytes(size.rawBytes)): ratio \(Format.ratio(size.ratio)), "
      + "\(Format.significant(size.bitsPerElement)) bits per element, everything counted"
  }
}
