/// Adaptive frequency counts, one model a channel, all over the same alphabet. Encoder and decoder keep the same counts,
/// so no tables are stored.
struct AdaptiveModels {
  private let alphabet: Int
  private var counts: [UInt16]
  private var totals: [UInt32]
  private static let increment: UInt16 = 32
  private static let limit: UInt32 = 1 << 13

  /// Flat models over symbols 0 ..< `alphabet`.
  init(channels: Int, alphabet: Int) {
    precondition(alphabet > 0 && alphabet <= 1 << 10)
    self.alphabet = alphabet
    counts = Array(repeating: 1, count: channels * alphabet)
    totals = Array(repeating: UInt32(alphabet), count: channels)
  }

  mutating func encode(_ symbol: Int, channel: Int, to encoder: inout RangeEncoder) {
    let base = channel * alphabet
    var start: UInt32 = 0
    for i in base..<base + symbol { start += UInt32(counts[i]) }
    encoder.encode(start: start, size: UInt32(counts[base + symbol]), total: totals[channel])
    update(symbol, channel)
  }

  mutating func decode(channel: Int, from decoder: inout RangeDecoder) -> Int {
    let base = channel * alphabet
    let position = decoder.position(total: totals[channel])
    var (symbol, start): (Int, UInt32) = (0, 0)
    while start + UInt32(counts[base + symbol]) <= position {
      start += UInt32(counts[base + symbol])
      symbol += 1
    }
    decoder.advance(start: start, size: UInt32(counts[base + symbol]))
    update(symbol, channel)
    return symbol
  }

  private mutating func update(_ symbol: Int, _ channel: Int) {
    let base = channel * alphabet
    counts[base + symbol] += Self.increment
    totals[channel] += UInt32(Self.increment)
    guard totals[channel] > Self.limit else { return }
    var total: UInt32 = 0
    for i in base..<base + alphabet {
      counts[i] = counts[i] / 2 + 1
      total += UInt32(counts[i])
    }
    totals[channel] = total
  }
}
