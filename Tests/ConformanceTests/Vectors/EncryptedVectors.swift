import CacheCodec
import FKVFormat
import Foundation
import KVCacheModel
import ReferenceDecoder
import TestSupport

/// Encrypted files (§15): some to be read with the key next to them, and some that nobody must read.
enum EncryptedVectors {
  struct Case {
    var name: String
    var sections: String
    /// What a reader is given; nil for none.
    var key: [UInt8]? = EncryptedVectors.key
    var make: () throws -> [UInt8]
  }

  static let key = (0..<32).map { UInt8(7 * $0 + 1) }

  /// A file as the product writes it, extended at `cut`.
  static func file(_ method: CacheEncoder.Method, tokens: Int = 9, cut: Int? = nil) throws -> [UInt8] {
    let scratch = ScratchFolder()
    let path = scratch.file("v.fkv")
    let cache = ValidVectors.cache(tokens: tokens)
    let key = FileKey(bytes: key)
    var encoder = CacheEncoder(method, writer: "fkv vectors")
    encoder.key = key
    _ = try encoder.encode(cut.map { cache.positions(0..<$0) } ?? cache, to: path)
    if let cut {
      _ = try CacheExtender(FKVCache(path: path, key: key), with: cache.positions(cut..<tokens), writer: "fkv vectors")
        .write(to: path)
    }
    return try Comparison.bytes(path)
  }

  static func valid() -> [Case] {
    [
      Case(name: "lossless", sections: "§15") { try file(.lossless) },
      Case(name: "lossless-extended", sections: "§15.2") { try file(.lossless, cut: 6) },
      Case(name: "lossless-0-tokens", sections: "§15.3") { try file(.lossless, tokens: 0) },
      Case(name: "fourier", sections: "§15") { try file(ValidVectors.fourier(), tokens: 21) },
      Case(name: "spectral", sections: "§15") { try file(ValidVectors.spectral(), tokens: 21) },
    ]
  }

  /// A file made of the first of `valid`, which has token ids, keys and values of two layers, the seal and the header.
  private static func changed(
    _ name: String, _ sections: String, key: [UInt8]? = key,
    _ change: @escaping (inout SealedFile) throws -> Void = { _ in }
  ) -> Case {
    Case(name: name, sections: sections, key: key) {
      var file = SealedFile(try file(.lossless))
      try change(&file)
      return file.bytes
    }
  }

  static func invalid() -> [Case] {
    [
      changed("no-key", "§15.4", key: nil),
      changed("wrong-key", "§15.3", key: key.map { $0 ^ 1 }),
      changed("changed-salt", "§15.4") { $0.parts[$0.seal].payload[0] ^= 1 },
      changed("changed-key-check", "§15.4") { $0.parts[$0.seal].payload[32] ^= 1 },
      changed("changed-tag", "§15.3") { $0.parts[$0.seal].payload[48] ^= 1 },
      changed("changed-file-tag", "§15.3") { $0.parts[$0.seal].payload[$0.parts[$0.seal].payload.count - 1] ^= 1 },
      changed("changed-section", "§15.2") { $0.parts[1].payload[0] ^= 0x80 },
      changed("changed-header", "§15.2") { $0.parts[$0.seal + 1].payload[5] ^= 1 },
      changed("changed-index", "§15.3") { $0.parts[2].description[8] = 1 },
      changed("changed-raw-bytes", "§15.3") { $0.parts[2].description[28] ^= 2 },
      changed("changed-unused-flag", "§15.3") { $0.parts[2].description[3] = 1 },
      changed("swapped-payloads", "§15.2") {
        let payload = $0.parts[1].payload
        $0.parts[1].payload = $0.parts[3].payload
        $0.parts[3].payload = payload
      },
      changed("swapped-sections", "§15.3") { $0.parts.swapAt(1, 3) },
      changed("section-left-out", "§15.3") { $0.parts.remove(at: 0) },
      changed("section-left-out-with-its-tag", "§15.3") {
        $0.parts[$0.seal].payload.removeSubrange(48..<64)
        let bytes = UInt64($0.parts[$0.seal].payload.count)
        $0.parts[$0.seal].description.replaceSubrange(28..<36, with: little(bytes))
        $0.parts.remove(at: 0)
      },
      changed("section-of-another-file", "§15.2") {
        $0.parts[1].payload = SealedFile(try file(.lossless)).parts[1].payload
      },
      changed("seal-of-another-file", "§15.3") {
        let other = SealedFile(try file(.lossless))
        $0.parts[$0.seal].payload = other.parts[other.seal].payload
      },
      changed("header-of-another-file", "§15.3") {
        let other = SealedFile(try file(.lossless))
        $0.parts[$0.seal + 1] = other.parts[other.seal + 1]
      },
      changed("seal-too-short", "§15.3") { $0.parts[$0.seal].payload.removeLast(16) },
      changed("seal-missing", "§15.3") { $0.parts.remove(at: $0.seal) },
      changed("seal-first", "§15.3") { $0.parts.insert($0.parts.remove(at: $0.seal), at: 0) },
      changed("seal-in-a-plain-file", "§15.3") {
        $0.features = 0
        for part in $0.parts.indices { $0.parts[part].description[2] &= 1 }
      },
      changed("plain-section", "§15.2") { $0.parts[1].description[2] &= 1 },
      changed("encrypted-seal", "§15.2") { $0.parts[$0.seal].description[2] |= 2 },
      Case(name: "damaged-section", sections: "§15.4") {
        var bytes = try file(.lossless)
        bytes[64 + 48] ^= 1
        return bytes
      },
    ]
  }
}
