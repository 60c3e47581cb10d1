import TestSupport

/// Random changes of bytes that know nothing of what the bytes mean, and random choices for those that do.
struct ByteChanges {
  /// The most bytes that a whole input may have.
  let most: Int
  private(set) var generator: RepeatableGenerator
  /// What changes bytes; libFuzzer's own changes where it runs, which use what it has learned of comparisons.
  private let change: (([UInt8], Int) -> [UInt8])?

  /// - Parameter change: takes bytes and the most that it may give back; nil uses the changes below.
  init(seed: UInt64, most: Int, change: (([UInt8], Int) -> [UInt8])? = nil) {
    self.most = most
    generator = RepeatableGenerator(seed: seed)
    self.change = change
  }

  /// What integers are most often wrong at.
  static let numbers: [UInt64] = [
    0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 33, 63, 64, 127, 128, 255, 256, 1023, 1024, 1025, 32767, 32768, 65535, 65536,
    1 << 20,
    1 << 22, 1 << 24, 1 << 30, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 40, 1 << 62, 1 << 63 - 1, 1 << 63,
    .max - 1,
    .max,
  ]

  /// A number below `bound`.
  mutating func number(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }

  /// True once in `times`.
  mutating func once(in times: Int) -> Bool { number(below: times) == 0 }

  /// A number that is likely to be wrong: one that is near `value`, or an odd one.
  mutating func suspect(_ value: UInt64) -> UInt64 {
    switch number(below: 4) {
    case 0: value &+ UInt64(truncatingIfNeeded: number(below: 17) - 8)
    case 1: value ^ (1 << UInt64(number(below: 64)))
    case 2: UInt64(number(below: 300))
    default: Self.numbers[number(below: Self.numbers.count)]
    }
  }

  /// The bytes, changed in one to four places, `most` of them or fewer.
  mutating func changed(_ bytes: [UInt8], most: Int? = nil) -> [UInt8] {
    let most = most ?? self.most
    if let change { return change(bytes, max(most, bytes.count)) }
    var bytes = bytes
    for _ in 0...number(below: 4) { changeOnce(&bytes) }
    return bytes.count > most ? Array(bytes.prefix(most)) : bytes
  }

  private mutating func changeOnce(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = (0..<number(below: 16)).map { _ in UInt8(number(below: 256)) }
      return
    }
    let place = number(below: bytes.count)
    let length = min(1 + number(below: 16), bytes.count - place)
    switch number(below: 8) {
    case 0: bytes[place] = UInt8(number(below: 256))
    case 1: bytes[place] ^= 1 << UInt8(number(below: 8))
    case 2: bytes.removeSubrange(place..<place + length)
    case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
    case 4: for index in place..<place + length { bytes[index] = 0xFF }
    case 5, 6: putNumber(into: &bytes, at: place & ~3, bytes: 1 << number(below: 4))
    default:
      let from = number(below: bytes.count - length + 1)
      bytes.replaceSubrange(place..<place + length, with: Array(bytes[from..<from + length]))
    }
  }

  /// Replaces a little-endian number by one that is likely to be wrong.
  mutating func putNumber(into bytes: inout [UInt8], at place: Int, bytes count: Int) {
    guard place >= 0, place + count <= bytes.count else { return }
    let old = (0..<count).reduce(UInt64(0)) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
    let new = suspect(old)
    for index in 0..<count { bytes[place + index] = UInt8(truncatingIfNeeded: new >> UInt64(8 * index)) }
  }
}
