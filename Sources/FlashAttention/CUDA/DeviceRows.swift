import ComputeKernels
import KVCacheModel

/// Tokens that lie whole on the device, in half precision: [KV head][token][width], for `attendRows` of `rows.cu`.
struct DeviceRows {
  let numbers: [UInt16]
  let tokens: Int

  /// Numbers of a row: those of a head, filled up to 16 bytes.
  static func width(_ headDim: Int) -> Int { (headDim + 7) / 8 * 8 }

  init(_ tensor: CacheTensor) {
    tokens = tensor.tokens
    let halves = Self.halves(tensor.bytes, tensor.elementType)
    let (d, width) = (tensor.headDim, Self.width(tensor.headDim))
    guard d != width else {
      numbers = halves
      return
    }
    var rows = [UInt16](repeating: 0, count: tensor.kvHeads * tensor.tokens * width)
    for row in 0..<tensor.kvHeads * tensor.tokens {
      rows.replaceSubrange(row * width..<row * width + d, with: halves[row * d..<(row + 1) * d])
    }
    numbers = rows
  }

  /// Numbers of any type rounded to half precision.
  static func halves(_ bytes: [UInt8], _ type: ElementType) -> [UInt16] {
    let count = bytes.count / type.byteCount
    let source =
      type == .float16
      ? bytes
      : StoredElements.narrowHalf(
        CacheTensor(kvHeads: 1, tokens: count, headDim: 1, elementType: type, bytes: bytes).floats())
    return [UInt16](unsafeUninitializedCapacity: count) { target, written in
      source.withUnsafeBytes { UnsafeMutableRawBufferPointer(target).copyMemory(from: $0) }
      written = count
    }
  }
}

/// How tokens that lie whole are shared out: each warp attends over `perWarp` of them, each part is a block of four warps.
struct RowParts {
  let tokens: Int
  let perWarp: Int

  static let warps = 4
  static let threads = 32 * warps

  /// At most about `parts` parts.
  init(tokens: Int, parts: Int) {
    self.tokens = tokens
    // A warp's loads are of 16 rows or a few times that.
    perWarp = max(1, (tokens + 16 * Self.warps * parts - 1) / (16 * Self.warps * parts)) * 16
  }

  var count: Int { (tokens + perWarp * Self.warps - 1) / (perWarp * Self.warps) }
}
