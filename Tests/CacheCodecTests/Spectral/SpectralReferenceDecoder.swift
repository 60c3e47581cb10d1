import FKVFormat
import Foundation
import KVCacheModel
import TestSupport

@testable import CacheCodec

/// A second decoder of profile `spectral`, written from formats/fkv.md §13 in Double and plain loops; entropy coding and
/// byte planes are taken from the product, which tests them by themselves.
struct SpectralReferenceDecoder {
  let file: FKVCache

  /// Numbers of one layer, (H, T, D), before they are rounded, and how far a decoder may be off in each row of a segment,
  /// by head: the bound of §13.4 is that of the 2-norm over these rows.
  struct Decoded {
    var numbers: [Double]
    /// Row ranges with the bound for each head.
    var bounds: [(rows: Range<Int>, heads: [Double])]
    var exactFeatures: [Int]
  }

  func decode(_ kind: CacheKind, layer: Int) throws -> Decoded {
    let (spectral, reader) = (file.spectral!, file.reader)
    let group = spectral.groups[spectral.groupIndex(ofLayer: layer)]
    let (shape, n) = (group.shape, group.features)
    let entry = reader.section(.spectralFrame(kind), layer: group.firstLayer)!
    let size = file.description.elementType(of: kind).byteCount
    let frame = try SpectralFrame(
      parsing: reader.payload(of: entry), group: group, kind: kind, elementSize: size, place: "")
    let q = ReferenceHouseholder.rows(dimension: n, integers: frame.basis?.integers ?? [])
    let own = layer - group.firstLayer
    let (heads, dims, block) = (shape.kvHeads, shape.headDim, frame.blockLength)
    let first = own * heads * dims
    let rope = file.description.ropes[shape.ropeIndex]
    var result = Decoded(
      numbers: [Double](repeating: .nan, count: shape.elementCount), bounds: [],
      exactFeatures: frame.exactFeatures.filter { $0 / (heads * dims) == own }.map { $0 - first })
    for section in reader.sections(.spectralSegment(kind), layer: group.firstLayer) {
      let segment = try SpectralSegment(
        parsing: reader.payload(of: section), rows: section.tokens, frame: frame, elementSize: size, place: "")
      let count = segment.rows.count
      let blocks = (count + block - 1) / block
      var features = [Double](repeating: 0, count: count * heads * dims)
      var energy = 0.0
      for c in 0..<segment.components {
        for b in 0..<blocks {
          let factor = segment.blockCodes.isEmpty ? 1 : exp2(Double(segment.blockCodes[b]) / 8)
          let a = (0..<block).map { k -> Double in
            let integer = segment.symbols[(c * block + k) * blocks + b]
            let value = Float(integer)
            let moved = integer > 0 ? value + segment.offset : integer < 0 ? value - segment.offset : 0
            return factor * Double(moved * segment.step)
          }
          guard a.contains(where: { $0 != 0 }) else { continue }
          energy += a.reduce(0) { $0 + $1 * $1 }
          for m in 0..<min(block, count - b * block) {
            let y = a.indices.reduce(0.0) { sum, k in
              sum + a[k] * ((k == 0 ? 1.0 : 2.0) / Double(block)).squareRoot()
                * cos(.pi * (Double(m) + 0.5) * Double(k) / Double(block))
            }
            for i in 0..<heads * dims { features[(b * block + m) * heads * dims + i] += y * q[c * n + first + i] }
          }
        }
      }
      var bounds: [Double] = []
      let magnitude = frame.isUnrotated ? rope.magnitude : 1
      for head in 0..<heads {
        let weight = Double(frame.weights[own * heads + head])
        let means = (0..<dims).map { Double(frame.mean[first + head * dims + $0]) }
        bounds.append(
          magnitude * 0x1p-20
            * ((Double(block).squareRoot() + Double(n).squareRoot()) * energy.squareRoot() / weight
              + Double(count).squareRoot() * norm(means)))
        for t in 0..<count {
          var x = (0..<dims).map { features[(t * heads + head) * dims + $0] / weight + means[$0] }
          if frame.isUnrotated {
            for (pair, frequency) in rope.inverseFrequencies.enumerated() {
              let (i, j) = rope.elements(ofPair: pair)
              let angle = Double(shape.firstPosition + segment.rows.lowerBound + t) * frequency
              (x[i], x[j]) = (
                magnitude * (x[i] * cos(angle) - x[j] * sin(angle)),
                magnitude * (x[i] * sin(angle) + x[j] * cos(angle))
              )
            }
          }
          let row = (head * shape.tokens + segment.rows.lowerBound + t) * dims
          for d in 0..<dims { result.numbers[row + d] = x[d] }
        }
      }
      result.bounds.append((segment.rows, bounds))
    }
    return result
  }
}
