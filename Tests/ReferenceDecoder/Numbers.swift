// A second decoder of `.fkv` and `.fkvbasis` files: plain, slow, and written from formats/fkv.md and formats/coding.md
// alone. It imports Foundation and nothing of the product. Files stand in the order of the text; comments name its
// sections, and Tests/ConformanceTests checks that they exist. "coding.md" stands for formats/coding.md.
import Foundation

/// Why a file is refused: an error of §10, or a rule without a number (§7: what a payload must not hold).
package struct Refusal: Error, CustomStringConvertible {
  /// The number in §10; nil where the text gives none.
  package var code: Int?
  package var what: String

  package init(_ code: Int?, _ what: String) {
    self.code = code
    self.what = what
  }

  package var description: String { (code.map { "\($0): " } ?? "") + what }
}

/// Numbers of §2.1 at a place that is known to be there.
extension [UInt8] {
  func little(_ offset: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(self[offset + $1]) << UInt64(8 * $1) }
  }
  func u16(_ offset: Int) -> Int { Int(little(offset, 2)) }
  func u32(_ offset: Int) -> Int { Int(little(offset, 4)) }
  func u64(_ offset: Int) -> UInt64 { little(offset, 8) }
  func f32(_ offset: Int) -> Float { Float(bitPattern: UInt32(little(offset, 4))) }
  func f64(_ offset: Int) -> Double { Double(bitPattern: little(offset, 8)) }
}

/// The parts of a payload, one after the other; what is not there is refused.
struct Parts {
  let bytes: [UInt8]
  var place = 0
  var left: Int { bytes.count - place }

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func take(_ count: Int, _ name: String) throws -> [UInt8] {
    guard count <= left else { throw Refusal(nil, "\(name): \(count) bytes declared, \(left) left") }
    defer { place += count }
    return Array(bytes[place..<place + count])
  }
  mutating func u8(_ name: String) throws -> Int { Int(try take(1, name)[0]) }
  mutating func u16(_ name: String) throws -> Int { try take(2, name).u16(0) }
  mutating func u32(_ name: String) throws -> Int { try take(4, name).u32(0) }
  /// A length in bytes: one that no payload can have is refused here.
  mutating func length(_ name: String) throws -> Int {
    let value = try take(8, name).u64(0)
    guard value <= UInt64(bytes.count) else { throw Refusal(nil, "\(name): \(value) bytes declared") }
    return Int(value)
  }
  mutating func f32s(_ count: Int, _ name: String) throws -> [Float] {
    let all = try take(4 * count, name)
    return (0..<count).map { all.f32(4 * $0) }
  }
  func end() throws {
    guard left == 0 else { throw Refusal(nil, "\(left) bytes after the last part") }
  }
}

/// Bits from each byte's highest to its lowest (coding.md, opening).
struct BitReader {
  let bytes: [UInt8]
  var place = 0
  var left: Int { 8 * bytes.count - place }

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func bit() throws -> Int {
    guard left > 0 else { throw Refusal(nil, "bits are missing") }
    defer { place += 1 }
    return Int(bytes[place / 8] >> UInt8(7 - place % 8)) & 1
  }

  /// Golomb(k) (coding.md, opening).
  mutating func golomb(_ k: Int) throws -> Int {
    var zeros = 0
    while try bit() == 0 {
      zeros += 1
      guard zeros <= 16 - k else { throw Refusal(nil, "more than \(16 - k) zeros of a Golomb code") }
    }
    var n = 1
    for _ in 0..<zeros + k { n = try 2 * n + bit() }
    return n - (1 << k)
  }

  /// Bits left are fewer than 8 and 0.
  mutating func end() throws {
    guard left < 8 else { throw Refusal(nil, "\(left) bits left") }
    while left > 0 { guard try bit() == 0 else { throw Refusal(nil, "a bit of the filling is 1") } }
  }
}
