import CacheCodec
import KVCacheModel

/// The coefficients of a layer's keys or values, and which features of each head they stand for.
struct FourierFeatures: Sendable {
  /// (2N, spectral features of all heads).
  var coefficients: [Float]
  /// Spectral features of all heads.
  let count: Int
  /// For each head the columns of `coefficients` that are its own.
  let columns: [Range<Int>]
  /// For each head the elements 0 ..< D that are spectral, and those that are exact; ascending.
  let spectral: [[Int]]
  let exact: [[Int]]

  init(_ parts: FourierParts, _ geometry: LayerGeometry) {
    coefficients = parts.coefficients
    count = parts.spectralFeatures.count
    let d = geometry.headDim
    func elements(_ features: [Int]) -> [[Int]] {
      features.reduce(into: Array(repeating: [], count: geometry.kvHeads)) { $0[$1 / d].append($1 % d) }
    }
    spectral = elements(parts.spectralFeatures)
    exact = elements(parts.exactFeatures)
    var start = 0
    columns = spectral.map { own in
      defer { start += own.count }
      return start..<start + own.count
    }
  }
}
