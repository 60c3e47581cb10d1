/// A short name of a text, for the settings of a log: two texts with the same name are the same text, except by chance.
public struct TokenFingerprint: Hashable, Sendable, CustomStringConvertible {
  /// Tokens of the text.
  public let count: Int
  /// FNV-1a over the little-endian bytes of the token ids (Fowler, Noll, Vo; 64 bits).
  public let hash: UInt64

  /// The name of a text's token ids.
  public init(of tokens: some Collection<Int32>) {
    count = tokens.count
    hash = tokens.reduce(0xCBF2_9CE4_8422_2325) { hash, token in
      (0..<4).reduce(hash) { ($0 ^ UInt64(UInt32(bitPattern: token) >> (8 * UInt32($1)) & 0xFF)) &* 0x100_0000_01B3 }
    }
  }

  /// `4096 tokens, 0123456789abcdef`.
  public var description: String {
    let digits = String(hash, radix: 16)
    return "\(count) tokens, \(String(repeating: "0", count: 16 - digits.count))\(digits)"
  }
}
