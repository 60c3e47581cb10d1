import FileIO
import KVCacheModel

/// A cache whose keys and queries are turned from the rotary embeddings that they carry to others.
///
/// Pair j of a key at position p that was turned by p · f(j) and multiplied by m is turned further by
///
///     p · (g(j) − f(j))      and multiplied by n / m
///
/// so that it is what g and n would have made of the same key. Angles are computed in Double; the result is rounded once
/// to the keys' element type, ties to even. What went into a key before its rotation stays: in all layers but the first
/// it came from attention with the other angles. Values stay.
public struct RopeTurnedCache: CacheSource {
  public let description: CacheDescription
  private let source: any CacheSource

  /// `source` with embedding i of its description replaced by `ropes[i]`, which rotates the same pairs.
  public init(_ source: any CacheSource, ropes: [RotaryEmbedding]) {
    var description = source.description
    precondition(
      ropes.count == description.ropes.count
        && zip(ropes, description.ropes).allSatisfy { $0.pairing == $1.pairing && $0.dimensions == $1.dimensions },
      "keys can be turned only along the pairs that they have")
    description.ropes = ropes
    self.source = source
    self.description = description
  }

  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    let tensor = try source.tensor(kind, layer: layer)
    guard kind == .key, let turn = turn(of: layer) else { return tensor }
    var values = tensor.bytes.floats(as: tensor.elementType)
    let first = description.geometry.layers[layer].firstPosition
    turn.apply(to: &values, heads: tensor.kvHeads, rows: tensor.tokens, headDim: tensor.headDim, firstPosition: first)
    return CacheTensor(
      kvHeads: tensor.kvHeads, tokens: tensor.tokens, headDim: tensor.headDim, elementType: tensor.elementType,
      bytes: Self.bytes(values, as: tensor.elementType))
  }

  public func probeQueries(layer: Int) throws -> ProbeQueries? {
    guard var queries = try source.probeQueries(layer: layer), let turn = turn(of: layer) else {
      return try source.probeQueries(layer: layer)
    }
    turn.apply(
      to: &queries.elements, heads: queries.heads, rows: queries.count, headDim: queries.headDim,
      firstPosition: queries.firstPosition)
    return queries
  }

  /// What a layer's keys are turned by; nil where nothing changes.
  private func turn(of layer: Int) -> Turn? {
    let index = description.geometry.layers[layer].ropeIndex
    let (from, to) = (source.description.ropes[index], description.ropes[index])
    guard from.inverseFrequencies != to.inverseFrequencies || from.magnitude != to.magnitude else { return nil }
    return Turn(
      rope: to, steps: zip(to.inverseFrequencies, from.inverseFrequencies).map { $0 - $1 },
      magnitude: to.magnitude / from.magnitude)
  }

  private struct Turn {
    var rope: RotaryEmbedding
    /// Radians a position, one a pair.
    var steps: [Double]
    var magnitude: Double

    /// Turns the rows of an array of shape (heads, rows, headDim).
    func apply(to values: inout [Float], heads: Int, rows: Int, headDim: Int, firstPosition: Int) {
      for row in 0..<rows {
        let position = Double(firstPosition + row)
        for (pair, step) in steps.enumerated() {
          let (cosine, sine) = (cos(position * step) * magnitude, sin(position * step) * magnitude)
          let (a, b) = rope.elements(ofPair: pair)
          for head in 0..<heads {
            let start = (head * rows + row) * headDim
            let (x, y) = (Double(values[start + a]), Double(values[start + b]))
            values[start + a] = Float(x * cosine - y * sine)
            values[start + b] = Float(x * sine + y * cosine)
          }
        }
      }
    }
  }

  private static func bytes(_ values: [Float], as type: ElementType) -> [UInt8] {
    func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * type.byteCount)
    for value in values {
      switch type {
      // Turning does not lengthen a pair by more than the magnitudes' ratio; what passes binary16 becomes its largest.
      case .float16: bytes += little(UInt16(halfOf: max(-65504, min(65504, value))))
      case .bfloat16: bytes += little(UInt16(bfloatOf: value))
      case .float32: bytes += little(value.bitPattern)
      }
    }
    return bytes
  }
}
