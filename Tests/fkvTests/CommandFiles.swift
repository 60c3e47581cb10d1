import CacheCodec
import Commands
import Foundation
import Interchange
import KVCacheModel
import TestSupport

/// Files for command tests, in a folder of their own.
struct CommandFiles {
  let scratch = ScratchFolder()

  func path(_ name: String) -> String { scratch.file(name) }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
  }

  func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name)))) }

  /// Writes `name` as a capture of a cache.
  @discardableResult
  func capture(_ name: String = "c.safetensors", _ cache: MemoryCache = Self.cache) throws -> String {
    try CaptureWriter.write(cache, to: path(name))
    return path(name)
  }

  /// Writes `name` as the compressed form of the standard cache.
  @discardableResult
  func compressed(_ name: String = "c.fkv", _ method: CacheEncoder.Method = .fourier(FourierParameters())) throws
    -> String
  {
    _ = try CacheEncoder(method, writer: FKVVersion.writer).encode(Self.cache, to: path(name))
    return path(name)
  }

  static let cache = SyntheticCache.make(layers: 3, kvHeads: 2, groupSize: 3, tokens: 60, headDim: 8, probe: 5)

  /// A safetensors file with its header's text changed and its length put right.
  static func withHeader(of bytes: [UInt8], _ edit: (String) -> String) -> [UInt8] {
    let count = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = Array(edit(String(decoding: bytes[8..<8 + count], as: UTF8.self)).utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + bytes[(8 + count)...]
  }
}
