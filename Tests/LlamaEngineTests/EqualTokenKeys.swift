import Foundation
import KVCacheModel

/// How well un-rotated keys of equal tokens agree in a layer that depends on nothing but the token.
///
/// An element that is stored as F16 is off by at most 2⁻¹¹ of itself, so a pair of norm r by at most 2⁻¹¹·r, and
/// rotation keeps that. The engine's angle p·ω is off by a few Float roundings of θ's powers: 64·2⁻²⁴·p·ω at most.
/// Two keys of one token may so differ by 2·(2⁻¹¹ + 64·2⁻²⁴·p·ω)·r; 2⁻¹²·‖k‖/√D more is left to the order in which the
/// engine summed the products that make a key.
struct EqualTokenKeys {
  /// The largest difference found, in units of that bound.
  private(set) var worst = 0.0
  /// Pairs of tokens that were compared.
  private(set) var compared = 0

  init(_ keys: CacheTensor, tokens: [Int32], rope: RotaryEmbedding) {
    var first: [Int32: Int] = [:]
    for (position, token) in tokens.enumerated() {
      guard let earlier = first[token] else {
        first[token] = position
        continue
      }
      compared += 1
      for head in 0..<keys.kvHeads { compare(keys, rope, head, earlier, position) }
    }
  }

  private mutating func compare(_ keys: CacheTensor, _ rope: RotaryEmbedding, _ head: Int, _ p: Int, _ q: Int) {
    let norm = Self.key(keys, head, p).reduce(0) { $0 + $1 * $1 }.squareRoot()
    let slack = 0x1p-12 * norm / Double(keys.headDim).squareRoot()
    let (a, b) = (Self.unrotated(keys, rope, head, p), Self.unrotated(keys, rope, head, q))
    for pair in 0..<rope.dimensions / 2 {
      let (x, y) = rope.elements(ofPair: pair)
      let r = max(hypot(a[x], a[y]), hypot(b[x], b[y]))
      let angle = 64 * 0x1p-24 * Double(q) * rope.inverseFrequencies[pair]
      let bound = 2 * (0x1p-11 + angle) * r + slack
      worst = max(worst, hypot(a[x] - b[x], a[y] - b[y]) / bound)
    }
  }

  private static func key(_ keys: CacheTensor, _ head: Int, _ token: Int) -> [Double] {
    keys.bytes.withUnsafeBytes { raw in
      let halves = raw.bindMemory(to: Float16.self)
      let start = (head * keys.tokens + token) * keys.headDim
      return halves[start..<start + keys.headDim].map(Double.init)
    }
  }

  private static func unrotated(_ keys: CacheTensor, _ rope: RotaryEmbedding, _ head: Int, _ token: Int) -> [Double] {
    var key = key(keys, head, token)
    for pair in 0..<rope.dimensions / 2 {
      let (x, y) = rope.elements(ofPair: pair)
      let angle = Double(token) * rope.inverseFrequencies[pair]
      let (cosine, sine) = (cos(angle) / rope.magnitude, sin(angle) / rope.magnitude)
      (key[x], key[y]) = (key[x] * cosine + key[y] * sine, key[y] * cosine - key[x] * sine)
    }
    return key
  }
}
