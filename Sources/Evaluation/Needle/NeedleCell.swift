/// One cell of a needle test: how long the cached text is, and how deep the needle lies in it.
public struct NeedleCell: Codable, Hashable, Sendable {
  /// Cached tokens, needle and begin token included.
  public var length: Int
  /// Where the needle lies, in percent of the text: 0 at its start, 100 at its end.
  public var depth: Double
  /// Which of several needles with this length and depth, from 0.
  public var trial: Int

  public init(length: Int, depth: Double, trial: Int = 0) {
    self.length = length
    self.depth = depth
    self.trial = trial
  }

  /// The cells of a grid: by length, then depth, then trial.
  public static func grid(lengths: [Int], depths: [Double], trials: Int) -> [NeedleCell] {
    precondition(trials > 0)
    return lengths.flatMap { length in
      depths.flatMap { depth in (0..<trials).map { NeedleCell(length: length, depth: depth, trial: $0) } }
    }
  }

  /// A number of four digits, 1000…9999, that depends on the cell alone: what stands for `{code}` in its needle.
  public var code: Int {
    // SplitMix64 (Steele, Lea, Flood 2014) over the cell's three numbers.
    let numbers = [UInt64(bitPattern: Int64(length)), depth.bitPattern, UInt64(bitPattern: Int64(trial))]
    let mixed = numbers.reduce(into: UInt64(0)) { mixed, number in
      var z = (mixed ^ number) &+ 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      mixed = z ^ (z >> 31)
    }
    return 1000 + Int(mixed % 9000)
  }
}
