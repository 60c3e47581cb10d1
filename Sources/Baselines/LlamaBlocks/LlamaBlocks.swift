import CacheCodec
import KVCacheModel

/// llama.cpp's quantised caches: blocks of 32 along the head dimension, each with a binary16 scale.
///
/// With `rotates`, every head is turned by a Walsh–Hadamard matrix first, as llama.cpp does for quantised caches whose
/// head dimension is a multiple of 64 (src/llama-kv-cache.cpp): keys by the largest power of two that divides D, values
/// by 64.
public struct LlamaBlocks: TensorBaseline {
  public let type: LlamaBlockType
  public let rotates: Bool

  public init(_ type: LlamaBlockType, rotates: Bool = false) {
    self.type = type
    self.rotates = rotates
  }

  public var method: String { type.rawValue + (rotates ? "+hadamard" : "") }
  public var setting: String { "blocks of 32" }

  public func encode(_ tensor: CacheTensor, at place: TensorPlace) throws -> [UInt8] {
    let rotation = try rotation(place)
    var values = tensor.floats()
    if let rotation { WalshHadamard.apply(&values, size: rotation) }
    var writer = BaselineWriter()
    values.withUnsafeBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: LlamaBlockType.width) {
        type.encode(UnsafeBufferPointer(rebasing: values[start..<start + LlamaBlockType.width]), into: &writer)
      }
    }
    return writer.bytes
  }

  public func decode(_ bytes: [UInt8], at place: TensorPlace) throws -> CacheTensor {
    let rotation = try rotation(place)
    var reader = BaselineReader(bytes, place: place.description)
    var values = [Float](repeating: 0, count: place.geometry.elementCount)
    try values.withUnsafeMutableBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: LlamaBlockType.width) {
        try type.decode(&reader, into: values.baseAddress! + start)
      }
    }
    try reader.finish()
    if let rotation { WalshHadamard.apply(&values, size: rotation) }
    return place.tensor(values)
  }

  /// The size of the rotation at a place; nil for none.
  private func rotation(_ place: TensorPlace) throws -> Int? {
    let dims = place.geometry.headDim
    guard dims % LlamaBlockType.width == 0 else {
      throw BaselineError.unsuitable("\(method) needs a head dimension that is a multiple of 32, not \(dims)")
    }
    guard rotates else { return nil }
    guard dims % 64 == 0 else {
      throw BaselineError.unsuitable("llama.cpp rotates heads of a multiple of 64 dimensions only, not \(dims)")
    }
    return place.kind == .key ? dims & -dims : 64
  }
}
