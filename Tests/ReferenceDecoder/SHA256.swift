/// SHA-256 (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869), for §15.
package enum SHA256 {
  /// HKDF: `count` bytes, 32 at most, of a key.
  package static func derived(_ key: [UInt8], salt: [UInt8], info: String, _ count: Int) -> [UInt8] {
    let extracted = authenticated(key, key: salt)
    return Array(authenticated(Array(info.utf8) + [1], key: extracted).prefix(count))
  }

  /// HMAC, with a key of 64 bytes at most.
  package static func authenticated(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    let padded = key + [UInt8](repeating: 0, count: 64 - key.count)
    return hash(padded.map { $0 ^ 0x5C } + hash(padded.map { $0 ^ 0x36 } + bytes))
  }

  package static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var state = roots(8, cube: false)
    let constants = roots(64, cube: true)
    var padded = bytes + [0x80]
    padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
    padded += (0..<8).map { UInt8(UInt64(8 * bytes.count) >> UInt64(56 - 8 * $0) & 255) }
    func rotated(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }
    for start in stride(from: 0, to: padded.count, by: 64) {
      var w = (0..<16).map { word in (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(padded[start + 4 * word + $1]) } }
      for i in 16..<64 {
        let (x, y) = (w[i - 15], w[i - 2])
        let s0 = rotated(x, 7) ^ rotated(x, 18) ^ x >> 3
        let s1 = rotated(y, 17) ^ rotated(y, 19) ^ y >> 10
        w.append(w[i - 16] &+ s0 &+ w[i - 7] &+ s1)
      }
      var v = state
      for i in 0..<64 {
        let s1 = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25)
        let choice = v[4] & v[5] ^ ~v[4] & v[6]
        let first = v[7] &+ s1 &+ choice &+ constants[i] &+ w[i]
        let s0 = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22)
        let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
        v = [first &+ s0 &+ majority, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
      }
      state = zip(state, v).map { $0 &+ $1 }
    }
    return state.flatMap { word in (0..<4).map { UInt8(word >> UInt32(24 - 8 * $0) & 255) } }
  }

  /// The first 32 bits after the point of the square or cube roots of the first primes, by search among integers.
  private static func roots(_ count: Int, cube: Bool) -> [UInt32] {
    let primes = (2...).lazy.filter { n in !(2..<n).contains { $0 * $0 <= n && n % $0 == 0 } }.prefix(count)
    return primes.map { prime in
      // The largest r with r² ≤ p·2⁶⁴, or r³ ≤ p·2⁹⁶.
      var (low, high) = (UInt64(0), UInt64(1) << 36)
      while high - low > 1 {
        let middle = low + (high - low) / 2
        if isAtMost(middle, prime, cube: cube) { low = middle } else { high = middle }
      }
      return UInt32(truncatingIfNeeded: low)
    }
  }

  /// Whether r² ≤ p·2⁶⁴, or r³ ≤ p·2⁹⁶, for r < 2³⁷ and p < 2⁹.
  private static func isAtMost(_ r: UInt64, _ prime: Int, cube: Bool) -> Bool {
    let square = r.multipliedFullWidth(by: r)
    guard cube else { return square.high < UInt64(prime) || square.high == prime && square.low == 0 }
    let low = square.low.multipliedFullWidth(by: r)
    let high = square.high * r + low.high
    return high < UInt64(prime) << 32 || high == UInt64(prime) << 32 && low.low == 0
  }
}
