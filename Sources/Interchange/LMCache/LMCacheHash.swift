/// LMCache's hashes of token chunks under its algorithm `builtin` and without vLLM: Python's `hash` of the tuple
/// (hash of the chunks before, or 0; tuple of token ids; empty tuple).
///
/// CPython hashes integers to themselves (modulo 2⁶¹ − 1) and tuples by xxHash's rounds (Objects/tupleobject.c,
/// 3.8 and later), neither of which depends on PYTHONHASHSEED.
enum LMCacheHash {
  /// The hash of a chunk after chunks with the hash `prefix`.
  static func chunk(_ tokens: some Collection<Int32>, after prefix: Int64) -> Int64 {
    let ids = tuple(tokens.map { integer(Int64($0)) })
    return tuple([integer(prefix), ids, tuple([])])
  }

  /// The name that LMCache gives it: hexadecimal, with a sign.
  static func name(_ hash: Int64) -> String {
    (hash < 0 ? "-" : "") + String(hash.magnitude, radix: 16)
  }

  /// Python's hash of an integer.
  static func integer(_ value: Int64) -> Int64 {
    let modulus: UInt64 = 1 << 61 - 1
    let rest = Int64(value.magnitude % modulus)
    let hash = value < 0 ? -rest : rest
    return hash == -1 ? -2 : hash
  }

  /// Python's hash of a tuple of values with those hashes.
  static func tuple(_ hashes: [Int64]) -> Int64 {
    let primes: (UInt64, UInt64, UInt64) = (
      11_400_714_785_074_694_791, 14_029_467_366_897_019_727, 2_870_177_450_012_600_261
    )
    var sum = primes.2
    for hash in hashes {
      sum &+= UInt64(bitPattern: hash) &* primes.1
      sum = (sum << 31 | sum >> 33) &* primes.0
    }
    sum &+= UInt64(hashes.count) ^ (primes.2 ^ 3_527_539)
    return sum == .max ? 1_546_275_796 : Int64(bitPattern: sum)
  }
}
