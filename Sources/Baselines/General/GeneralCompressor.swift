import Coding
import KVCacheModel

/// A general-purpose compressor on each tensor's stored bytes: lossless, and blind to what the bytes are.
public struct GeneralCompressor: TensorBaseline {
  /// Which compressor, at which level.
  public enum Kind: Hashable, Sendable {
    /// 0 for the fast compressor, 1…12 for LZ4 HC.
    case lz4(level: Int)
    /// 1…22.
    case zstd(level: Int)
  }

  public let kind: Kind

  public init(_ kind: Kind) { self.kind = kind }

  public var method: String {
    switch kind {
    case .lz4: "lz4"
    case .zstd: "zstd"
    }
  }

  public var setting: String {
    switch kind {
    case .lz4(0): "fast"
    case .lz4(let level): "HC \(level)"
    case .zstd(let level): "level \(level)"
    }
  }

  public func encode(_ tensor: CacheTensor, at place: TensorPlace) throws -> [UInt8] {
    switch kind {
    case .lz4(let level): LZ4Block.encode(tensor.bytes, level: level)
    case .zstd(let level): try Zstandard.encode(tensor.bytes, level: level)
    }
  }

  public func decode(_ bytes: [UInt8], at place: TensorPlace) throws -> CacheTensor {
    let (shape, type) = (place.geometry, place.elementType)
    let count = shape.elementCount * type.byteCount
    let raw: [UInt8]
    switch kind {
    case .lz4:
      guard let decoded = LZ4Block.decode(bytes, count: count) else {
        throw BaselineError.library(name: "lz4", problem: "\(place): damaged block")
      }
      raw = decoded
    case .zstd: raw = try Zstandard.decode(bytes, count: count)
    }
    return CacheTensor(
      kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim, elementType: type, bytes: raw)
  }
}
