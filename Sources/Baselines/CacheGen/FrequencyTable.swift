/// A static model: cumulative frequencies of symbols 0 ..< n in 16 bits, none of them 0.
struct FrequencyTable {
  private static let total: UInt32 = 1 << 16
  /// n + 1 of them, 0 … 65536.
  private let cumulative: [UInt32]

  /// Frequencies in proportion to `counts` (not all 0), as torchac makes them: round(share·(65536 − n)) + 1 each.
  init(counts: [Int]) {
    let all = Double(counts.reduce(0, +))
    precondition(all > 0)
    var running = 0
    var cumulative: [UInt32] = [0]
    for (i, count) in counts.enumerated() {
      running += count
      cumulative.append(UInt32((Double(running) / all * Double(65536 - counts.count)).rounded()) + UInt32(i) + 1)
    }
    self.cumulative = cumulative
  }

  /// Appends the n − 1 inner numbers (u16); the first is 0 and the last 65536.
  func write(to writer: inout BaselineWriter) {
    for number in cumulative.dropFirst().dropLast() { writer.add(UInt16(number)) }
  }

  /// A table of `n` symbols.
  ///
  /// - Throws: `BaselineError.badValue` unless its numbers rise.
  init(symbols n: Int, from reader: inout BaselineReader) throws {
    var cumulative: [UInt32] = [0]
    for _ in 1..<n { cumulative.append(UInt32(try reader.number(UInt16.self))) }
    cumulative.append(Self.total)
    for (low, high) in zip(cumulative, cumulative.dropFirst()) where low >= high {
      throw BaselineError.badValue(place: reader.place, field: "cumulative frequency", declared: Int(high))
    }
    self.cumulative = cumulative
  }

  func encode(_ symbol: Int, to encoder: inout RangeEncoder) {
    encoder.encode(
      start: cumulative[symbol], size: cumulative[symbol + 1] - cumulative[symbol], total: Self.total)
  }

  func decode(from decoder: inout RangeDecoder) -> Int {
    let position = decoder.position(total: Self.total)
    var (low, high) = (0, cumulative.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if cumulative[middle] <= position { low = middle } else { high = middle }
    }
    decoder.advance(start: cumulative[low], size: cumulative[low + 1] - cumulative[low])
    return low
  }
}
