import CacheCodec
import KVCacheModel

/// KIVI (arXiv 2402.02750): asymmetric quantisation, keys (after RoPE) by channel in groups of tokens, values by token in
/// groups of dimensions, each group with a binary16 zero point and scale; the last `residual` tokens stay as they are.
///
/// The quantised tokens are the largest multiple of the group that leaves at least `residual` tokens.
public struct KIVI: TensorBaseline {
  /// 2…8 bits a number.
  public let bits: Int
  /// Tokens of a key group and dimensions of a value group.
  public let group: Int
  /// The last tokens that stay in the cache's own type.
  public let residual: Int

  public init(bits: Int, group: Int = 32, residual: Int = 128) {
    precondition((2...8).contains(bits) && group > 0 && residual >= 0)
    self.bits = bits
    self.group = group
    self.residual = residual
  }

  public var method: String { "kivi" }
  public var setting: String { "\(bits) bit, groups of \(group), window \(residual)" }

  /// How many tokens of `tokens` are quantised.
  public func quantisedTokens(of tokens: Int) -> Int { max(0, tokens - residual) / group * group }

  public func encode(_ tensor: CacheTensor, at place: TensorPlace) throws -> [UInt8] {
    let values = tensor.floats()
    var writer = BaselineWriter()
    var codes: [UInt8] = []
    forEachGroup(place) { indices in
      let affine = AffineGroup(of: indices.lazy.map { values[$0] }, bits: bits)
      writer.addHalf(affine.shift)
      writer.addHalf(affine.scale)
      for i in indices { codes.append(affine.quantise(values[i], bits: bits)) }
    }
    writer.add(BitPacking.pack(codes, bits: bits))
    for row in exactRows(place) { writer.add(tensor.bytes[row]) }
    return writer.bytes
  }

  public func decode(_ bytes: [UInt8], at place: TensorPlace) throws -> CacheTensor {
    var reader = BaselineReader(bytes, place: place.description)
    var (groups, count) = (0, 0)
    forEachGroup(place) { indices in
      groups += 1
      count += indices.count
    }
    var affines: [AffineGroup] = []
    for _ in 0..<groups { affines.append(AffineGroup(shift: try reader.half(), scale: try reader.half())) }
    let packed = try reader.take(BitPacking.byteCount(count, bits: bits))
    let codes = BitPacking.unpack(packed, count: count, bits: bits)
    var values = [Float](repeating: 0, count: place.geometry.elementCount)
    var (next, code) = (0, 0)
    forEachGroup(place) { indices in
      for i in indices {
        values[i] = affines[next].value(codes[code])
        code += 1
      }
      next += 1
    }
    var tensor = place.tensor(values)
    for row in exactRows(place) { tensor.bytes.replaceSubrange(row, with: try reader.take(row.count)) }
    try reader.finish()
    return tensor
  }

  /// Calls `body` with the element indices of each group.
  private func forEachGroup(_ place: TensorPlace, _ body: (SpacedIndices) -> Void) {
    let (tokens, dims) = (place.geometry.tokens, place.geometry.headDim)
    let quantised = quantisedTokens(of: tokens)
    for head in 0..<place.geometry.kvHeads {
      let base = head * tokens * dims
      if place.kind == .key {
        for start in stride(from: 0, to: quantised, by: group) {
          for dim in 0..<dims {
            body(SpacedIndices(first: base + start * dims + dim, count: group, step: dims))
          }
        }
      } else {
        for token in 0..<quantised {
          for dim in stride(from: 0, to: dims, by: group) {
            body(SpacedIndices(first: base + token * dims + dim, count: min(group, dims - dim), step: 1))
          }
        }
      }
    }
  }

  /// The byte ranges of the tokens that stay as they are, one a head.
  private func exactRows(_ place: TensorPlace) -> [Range<Int>] {
    let (tokens, dims, size) = (place.geometry.tokens, place.geometry.headDim, place.elementType.byteCount)
    let quantised = quantisedTokens(of: tokens)
    return (0..<place.geometry.kvHeads).map {
      ($0 * tokens + quantised) * dims * size..<($0 + 1) * tokens * dims * size
    }
  }
}
