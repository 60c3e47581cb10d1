import KVCacheModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Applies or undoes a rotary position embedding over a run of positions.
///
///     pair i at position p:  (x, y) → m·(x cos φ − y sin φ,  x sin φ + y cos φ),   φ = p·ωᵢ
///
/// The inverse turns by −φ and divides by m; the two undo each other to rounding (2 ulp a number). Elements beyond the
/// embedding's `dimensions` stay as they are.
public struct KeyRotation: Sendable {
  public let embedding: RotaryEmbedding
  /// The position of row 0.
  public let firstPosition: Int
  /// Rows that the tables cover.
  public let count: Int
  /// (count, dimensions/2) each.
  private let cosines: [Float]
  private let sines: [Float]

  /// Tables for positions `firstPosition` ..< `firstPosition + count`; angles are computed in `Double`.
  public init(_ embedding: RotaryEmbedding, firstPosition: Int, count: Int) {
    self.embedding = embedding
    self.firstPosition = firstPosition
    self.count = count
    let pairs = embedding.pairing == .none ? 0 : embedding.dimensions / 2
    var cosines = [Float](repeating: 1, count: count * pairs)
    var sines = [Float](repeating: 0, count: count * pairs)
    for t in 0..<count {
      for i in 0..<pairs {
        let angle = Double(firstPosition + t) * embedding.inverseFrequencies[i]
        cosines[t * pairs + i] = Float(cos(angle))
        sines[t * pairs + i] = Float(sin(angle))
      }
    }
    self.cosines = cosines
    self.sines = sines
  }

  /// Rotates `rows` rows of D elements (`stride` apart), the first of them at table row `start`.
  public func rotate(
    _ base: UnsafeMutablePointer<Float>, rows: Int, stride: Int, start: Int = 0
  ) {
    turn(base, rows: rows, stride: stride, start: start, direction: 1, scale: Float(embedding.magnitude))
  }

  /// Undoes `rotate`.
  public func unrotate(
    _ base: UnsafeMutablePointer<Float>, rows: Int, stride: Int, start: Int = 0
  ) {
    turn(base, rows: rows, stride: stride, start: start, direction: -1, scale: Float(1 / embedding.magnitude))
  }

  private func turn(
    _ base: UnsafeMutablePointer<Float>, rows: Int, stride: Int, start: Int, direction: Float, scale: Float
  ) {
    precondition(start >= 0 && start + rows <= count && stride >= embedding.dimensions)
    guard embedding.pairing != .none else { return }
    let pairs = embedding.dimensions / 2
    let (step, partner) = embedding.pairing == .interleaved ? (2, 1) : (1, pairs)
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        for row in 0..<rows {
          let x = base + row * stride
          let table = (start + row) * pairs
          for i in 0..<pairs {
            let c = scale * cosines[table + i]
            let s = scale * direction * sines[table + i]
            let (a, b) = (x[i * step], x[i * step + partner])
            x[i * step] = a * c - b * s
            x[i * step + partner] = a * s + b * c
          }
        }
      }
    }
  }
}
