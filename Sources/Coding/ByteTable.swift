/// The frequencies of bytes in a segment, as sent (a coarse code a byte) and as used (units of 2^-12).
struct ByteTable: Equatable {
  /// Codes 0…`largestCode` of the 256 bytes; 0 for those that do not occur.
  let codes: [UInt8]
  /// 256 frequencies that add up to 4096.
  let frequencies: [UInt16]

  /// Stands for the weight 15 · 2^11.
  static let largestCode = 103

  /// The weight that a code stands for: the code itself below 8, then 8 to an octave.
  static func weight(_ code: Int) -> Int { code < 8 ? code : (8 | code & 7) << (code >> 3 - 1) }

  /// The code whose weight is the nearest at or below `weight`, which is at most 2^14.
  private static func code(_ weight: Int) -> Int {
    guard weight >= 8 else { return weight }
    let octave = Int.bitWidth - 4 - weight.leadingZeroBitCount
    return (octave + 1) << 3 | weight >> octave & 7
  }

  /// The table of `codes`, or nil if all are 0.
  ///
  /// With W the sum of weights, a byte of weight w > 0 gets max(1, ⌊4096 w / W⌋); what is missing to 4096, or too much,
  /// falls to the largest frequencies: see formats/coding.md, "Entropy-coded bytes".
  init?(codes: [UInt8]) {
    let weights = codes.map { Self.weight(Int($0)) }
    let sum = weights.reduce(0, +)
    guard sum > 0 else { return nil }
    var frequencies = weights.map { $0 == 0 ? 0 : max(1, 4096 * $0 / sum) }
    var missing = 4096 - frequencies.reduce(0, +)
    while missing != 0 {
      let largest = frequencies.firstIndex(of: frequencies.max()!)!
      let change = max(missing, 1 - frequencies[largest])
      frequencies[largest] += change
      missing -= change
    }
    self.codes = codes
    self.frequencies = frequencies.map(UInt16.init)
  }

  /// The table that serves bytes counted as `counts`, not all 0.
  init(counts: [UInt32]) {
    let sum = counts.reduce(0) { $0 + Int($1) }
    self.init(codes: counts.map { $0 == 0 ? 0 : UInt8(Self.code(max(1, (Int($0) << 14 + sum / 2) / sum))) })!
  }

  /// Appends the codes: each as the zigzag difference to the one before in exponential Golomb code of order 2, a 0
  /// followed by the count of further zeros in order 0.
  func append(to bits: inout BitWriter) { forEachGolomb { bits.appendGolomb($0, order: $1) } }

  /// The bits that `append(to:)` appends.
  var bitCount: Int {
    var count = 0
    forEachGolomb { count += BitWriter.golombBits($0, order: $1) }
    return count
  }

  private func forEachGolomb(_ body: (_ value: Int, _ order: Int) -> Void) {
    var previous = 0
    var at = 0
    while at < 256 {
      let difference = Int(codes[at]) - previous
      body(difference > 0 ? 2 * difference - 1 : -2 * difference, 2)
      previous = Int(codes[at])
      at += 1
      guard previous == 0 else { continue }
      let run = codes[at...].prefix { $0 == 0 }.count
      body(run, 0)
      at += run
    }
  }

  /// Reads what `append(to:)` wrote; nil if it is not that.
  init?(from bits: inout BitReader) {
    var codes: [UInt8] = []
    var previous = 0
    while codes.count < 256 {
      guard let folded = bits.readGolomb(order: 2) else { return nil }
      previous += folded & 1 == 1 ? (folded + 1) / 2 : -folded / 2
      guard previous >= 0, previous <= Self.largestCode else { return nil }
      codes.append(UInt8(previous))
      guard previous == 0 else { continue }
      guard let run = bits.readGolomb(order: 0), run <= 256 - codes.count else { return nil }
      codes += repeatElement(0, count: run)
    }
    self.init(codes: codes)
  }
}
