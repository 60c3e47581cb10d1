/// AES-256 in Galois/counter mode (§15), after FIPS 197 and NIST SP 800-38D, bit by bit. Slow, and open to whoever
/// measures its time: for tests only.
package struct AESGCM {
  private let roundKeys: [[UInt8]]

  package init(key: [UInt8]) {
    var words = stride(from: 0, to: 32, by: 4).map { Array(key[$0..<$0 + 4]) }
    var constant: UInt8 = 1
    for i in 8..<60 {
      var word = words[i - 1]
      if i % 8 == 0 {
        word = [word[1], word[2], word[3], word[0]].map(Self.substituted)
        word[0] ^= constant
        constant = Self.doubled(constant)
      } else if i % 8 == 4 {
        word = word.map(Self.substituted)
      }
      words.append(zip(words[i - 8], word).map { $0 ^ $1 })
    }
    roundKeys = stride(from: 0, to: 60, by: 4).map { Array(words[$0..<$0 + 4].joined()) }
  }

  /// The text of those bytes; nil if the tag is another.
  package func open(_ bytes: [UInt8], nonce: [UInt8], data: [UInt8], tag: [UInt8]) -> [UInt8]? {
    let hashKey = Self.element(block([UInt8](repeating: 0, count: 16)))
    var state: (UInt64, UInt64) = (0, 0)
    func absorb(_ bytes: [UInt8]) {
      for start in stride(from: 0, to: bytes.count, by: 16) {
        let piece = Array(bytes[start..<min(start + 16, bytes.count)])
        let x = Self.element(piece + [UInt8](repeating: 0, count: 16 - piece.count))
        state = Self.product((state.0 ^ x.0, state.1 ^ x.1), hashKey)
      }
    }
    absorb(data)
    absorb(bytes)
    absorb(Self.big(UInt64(8 * data.count)) + Self.big(UInt64(8 * bytes.count)))
    func keystream(_ counter: Int) -> [UInt8] { block(nonce + Self.big(UInt64(counter)).suffix(4)) }
    let expected = zip(Self.big(state.0) + Self.big(state.1), keystream(1)).map { $0 ^ $1 }
    guard expected == tag else { return nil }
    return stride(from: 0, to: bytes.count, by: 16).flatMap { start in
      zip(bytes[start..<min(start + 16, bytes.count)], keystream(2 + start / 16)).map { $0 ^ $1 }
    }
  }

  /// One block of 16 bytes, encrypted.
  package func block(_ input: [UInt8]) -> [UInt8] {
    var state = zip(input, roundKeys[0]).map { $0 ^ $1 }
    for round in 1...14 {
      state = state.map(Self.substituted)
      let before = state
      state = (0..<16).map { (i: Int) -> UInt8 in before[(i + 4 * (i % 4)) % 16] }
      if round < 14 {
        let before = state
        for i in 0..<16 {
          let column = i - i % 4
          let x = (0..<4).map { (step: Int) -> UInt8 in before[column + (i + step) % 4] }
          state[i] = Self.doubled(x[0]) ^ Self.doubled(x[1]) ^ x[1] ^ x[2] ^ x[3]
        }
      }
      state = zip(state, roundKeys[round]).map { $0 ^ $1 }
    }
    return state
  }

  /// x·2 in the field of AES.
  private static func doubled(_ x: UInt8) -> UInt8 { x << 1 ^ (x & 0x80 == 0 ? 0 : 0x1B) }

  private static func substituted(_ x: UInt8) -> UInt8 { box[Int(x)] }

  /// The inverse in the field of AES, then the affine map.
  private static let box: [UInt8] = (0..<256).map { value in
    func product(_ a: UInt8, _ b: UInt8) -> UInt8 {
      var (sum, a) = (UInt8(0), a)
      for bit in 0..<8 {
        if b >> UInt8(bit) & 1 == 1 { sum ^= a }
        a = doubled(a)
      }
      return sum
    }
    let x = UInt8(value)
    // x²⁵⁴ is the inverse.
    var inverse: UInt8 = 1
    for _ in 0..<254 { inverse = product(inverse, x) }
    var mapped = inverse ^ 0x63
    for turn in 1...4 as ClosedRange<UInt8> { mapped ^= inverse << turn | inverse >> (8 - turn) }
    return mapped
  }

  private static func big(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(value >> UInt64(56 - 8 * $0) & 255) } }

  private static func element(_ bytes: [UInt8]) -> (UInt64, UInt64) {
    func half(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    return (half(bytes[..<8]), half(bytes[8...]))
  }

  /// The product in the field of the hash, whose bits run from the first byte's highest on.
  private static func product(_ x: (UInt64, UInt64), _ y: (UInt64, UInt64)) -> (UInt64, UInt64) {
    var (sum, v): ((UInt64, UInt64), (UInt64, UInt64)) = ((0, 0), y)
    for bit in 0..<128 {
      if (bit < 64 ? x.0 : x.1) >> UInt64(63 - bit % 64) & 1 == 1 { sum = (sum.0 ^ v.0, sum.1 ^ v.1) }
      let carry = v.1 & 1
      v = (v.0 >> 1, v.1 >> 1 | v.0 << 63)
      if carry == 1 { v.0 ^= 0xE1 << 56 }
    }
    return sum
  }
}
