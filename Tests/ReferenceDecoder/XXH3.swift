/// XXH3-64 with seed 0 (§2.3) of bytes in one piece, after the published description of the algorithm.
package enum XXH3 {
  package static func hash(_ bytes: [UInt8]) -> UInt64 {
    let n = bytes.count
    func input(_ place: Int) -> UInt64 { bytes.little(place, 8) }
    func secret(_ place: Int) -> UInt64 { Self.secret.little(place, 8) }
    func mix(_ place: Int, _ key: Int) -> UInt64 {
      fold(input(place) ^ secret(key), input(place + 8) ^ secret(key + 8))
    }
    switch n {
    case 0: return avalanche64(secret(56) ^ secret(64))
    case 1...3:
      let combined = UInt64(bytes[0]) << 16 | UInt64(bytes[n / 2]) << 24 | UInt64(bytes[n - 1]) | UInt64(n) << 8
      return avalanche64(combined ^ (Self.secret.little(0, 4) ^ Self.secret.little(4, 4)))
    case 4...8:
      var h = (bytes.little(n - 4, 4) &+ bytes.little(0, 4) << 32) ^ (secret(8) ^ secret(16))
      h ^= rotated(h, 49) ^ rotated(h, 24)
      h = h &* 0x9FB2_1C65_1E98_DF25
      h ^= (h >> 35) &+ UInt64(n)
      h = h &* 0x9FB2_1C65_1E98_DF25
      return h ^ h >> 28
    case 9...16:
      let low = input(0) ^ (secret(24) ^ secret(32))
      let high = input(n - 8) ^ (secret(40) ^ secret(48))
      return avalanche(UInt64(n) &+ low.byteSwapped &+ high &+ fold(low, high))
    case 17...128:
      var sum = UInt64(n) &* prime1
      for i in (0...(n - 1) / 32).reversed() {
        sum = sum &+ mix(16 * i, 32 * i) &+ mix(n - 16 * (i + 1), 32 * i + 16)
      }
      return avalanche(sum)
    case 129...240:
      var sum = UInt64(n) &* prime1
      for i in 0..<8 { sum = sum &+ mix(16 * i, 16 * i) }
      sum = avalanche(sum)
      for i in 8..<n / 16 { sum = sum &+ mix(16 * i, 16 * (i - 8) + 3) }
      return avalanche(sum &+ mix(n - 16, 136 - 17))
    default: return long(bytes)
    }
  }

  private static func long(_ bytes: [UInt8]) -> UInt64 {
    let n = bytes.count
    var sums: [UInt64] = [
      0xC2B2_AE3D, prime1, prime2, prime3, 0x85EB_CA77_C2B2_AE63, 0x85EB_CA77, 0x27D4_EB2F_1656_67C5, 0x9E37_79B1,
    ]
    func accumulate(_ place: Int, _ key: Int) {
      for i in 0..<8 {
        let value = bytes.little(place + 8 * i, 8)
        let keyed = value ^ secret.little(key + 8 * i, 8)
        sums[i ^ 1] = sums[i ^ 1] &+ value
        sums[i] = sums[i] &+ (keyed & 0xFFFF_FFFF) &* (keyed >> 32)
      }
    }
    // Stripes of 64 bytes, 16 to a block; the last stripe always ends the input.
    for stripe in 0..<(n - 1) / 64 {
      accumulate(64 * stripe, 8 * (stripe % 16))
      if stripe % 16 == 15 {
        for i in 0..<8 {
          sums[i] = (sums[i] ^ sums[i] >> 47 ^ secret.little(128 + 8 * i, 8)) &* 0x9E37_79B1
        }
      }
    }
    accumulate(n - 64, 192 - 64 - 7)
    var result = UInt64(n) &* prime1
    for i in 0..<4 {
      result =
        result
        &+ fold(sums[2 * i] ^ secret.little(11 + 16 * i, 8), sums[2 * i + 1] ^ secret.little(19 + 16 * i, 8))
    }
    return avalanche(result)
  }

  private static func fold(_ x: UInt64, _ y: UInt64) -> UInt64 {
    let product = x.multipliedFullWidth(by: y)
    return product.high ^ product.low
  }

  private static func rotated(_ x: UInt64, _ bits: UInt64) -> UInt64 { x << bits | x >> (64 - bits) }

  private static func avalanche(_ x: UInt64) -> UInt64 {
    var h = (x ^ x >> 37) &* 0x1656_6791_9E37_79F9
    h ^= h >> 32
    return h
  }

  private static func avalanche64(_ x: UInt64) -> UInt64 {
    var h = (x ^ x >> 33) &* prime2
    h = (h ^ h >> 29) &* prime3
    return h ^ h >> 32
  }

  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9

  private static let secret: [UInt8] = [
    0xB8, 0xFE, 0x6C, 0x39, 0x23, 0xA4, 0x4B, 0xBE, 0x7C, 0x01, 0x81, 0x2C, 0xF7, 0x21, 0xAD, 0x1C,
    0xDE, 0xD4, 0x6D, 0xE9, 0x83, 0x90, 0x97, 0xDB, 0x72, 0x40, 0xA4, 0xA4, 0xB7, 0xB3, 0x67, 0x1F,
    0xCB, 0x79, 0xE6, 0x4E, 0xCC, 0xC0, 0xE5, 0x78, 0x82, 0x5A, 0xD0, 0x7D, 0xCC, 0xFF, 0x72, 0x21,
    0xB8, 0x08, 0x46, 0x74, 0xF7, 0x43, 0x24, 0x8E, 0xE0, 0x35, 0x90, 0xE6, 0x81, 0x3A, 0x26, 0x4C,
    0x3C, 0x28, 0x52, 0xBB, 0x91, 0xC3, 0x00, 0xCB, 0x88, 0xD0, 0x65, 0x8B, 0x1B, 0x53, 0x2E, 0xA3,
    0x71, 0x64, 0x48, 0x97, 0xA2, 0x0D, 0xF9, 0x4E, 0x38, 0x19, 0xEF, 0x46, 0xA9, 0xDE, 0xAC, 0xD8,
    0xA8, 0xFA, 0x76, 0x3F, 0xE3, 0x9C, 0x34, 0x3F, 0xF9, 0xDC, 0xBB, 0xC7, 0xC7, 0x0B, 0x4F, 0x1D,
    0x8A, 0x51, 0xE0, 0x4B, 0xCD, 0xB4, 0x59, 0x31, 0xC8, 0x9F, 0x7E, 0xC9, 0xD9, 0x78, 0x73, 0x64,
    0xEA, 0xC5, 0xAC, 0x83, 0x34, 0xD3, 0xEB, 0xC3, 0xC5, 0x81, 0xA0, 0xFF, 0xFA, 0x13, 0x63, 0xEB,
    0x17, 0x0D, 0xDD, 0x51, 0xB7, 0xF0, 0xDA, 0x49, 0xD3, 0x16, 0x55, 0x26, 0x29, 0xD4, 0x68, 0x9E,
    0x2B, 0x16, 0xBE, 0x58, 0x7D, 0x47, 0xA1, 0xFC, 0x8F, 0xF8, 0xB8, 0xD1, 0x7A, 0xD0, 0x31, 0xCE,
    0x45, 0xCB, 0x3A, 0x8F, 0x95, 0x16, 0x04, 0x28, 0xAF, 0xD7, 0xFB, 0xCA, 0xBB, 0x4B, 0x40, 0x7E,
  ]
}
