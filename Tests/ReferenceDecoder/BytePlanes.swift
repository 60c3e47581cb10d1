/// Byte planes (§7.2).
enum BytePlanes {
  /// The `count` bytes of elements of e bytes that `coded` stands for.
  static func decode(_ coded: [UInt8], e: Int, count: Int) throws -> [UInt8] {
    let block = 4_194_304
    let blocks = count / block + (count % block > 0 ? 1 : 0)
    guard coded.count / (5 * e) >= blocks else { throw Refusal(nil, "plane directory") }
    // The whole directory first, before anything is allocated.
    var place = 5 * e * blocks
    var planes: [(method: Int, range: Range<Int>, raw: Int)] = []
    for number in 0..<blocks * e {
      let bytes = min(block, count - number / e * block)
      let raw = (bytes + e - 1 - number % e) / e
      let (method, stored) = (Int(coded[5 * number]), coded.u32(5 * number + 1))
      guard method <= 2 else { throw Refusal(nil, "method \(method)") }
      guard method == 0 ? stored == raw : stored >= (raw + 254) / 255 && stored < raw else {
        throw Refusal(nil, "a plane of \(raw) bytes in \(stored)")
      }
      guard stored <= coded.count - place else { throw Refusal(nil, "a plane passes the end") }
      planes.append((method, place..<place + stored, raw))
      place += stored
    }
    guard place == coded.count else { throw Refusal(nil, "\(coded.count - place) bytes after the planes") }
    var result = [UInt8](repeating: 0, count: count)
    for (number, plane) in planes.enumerated() {
      let stored = Array(coded[plane.range])
      let bytes =
        switch plane.method {
        case 0: stored
        case 1: try lz4(stored, plane.raw)
        default: try EntropyCodedBytes.decode(stored, plane.raw)
        }
      for (i, byte) in bytes.enumerated() { result[number / e * block + i * e + number % e] = byte }
    }
    return result
  }

  /// One block of the LZ4 block format that gives exactly `count` bytes.
  static func lz4(_ block: [UInt8], _ count: Int) throws -> [UInt8] {
    var (out, place) = ([UInt8](), 0)
    func next() throws -> Int {
      guard place < block.count else { throw Refusal(nil, "LZ4 block ends early") }
      defer { place += 1 }
      return Int(block[place])
    }
    func length(_ start: Int) throws -> Int {
      var (length, more) = (start, start == 15)
      while more {
        let byte = try next()
        length += byte
        more = byte == 255
      }
      return length
    }
    while true {
      let token = try next()
      let literals = try length(token >> 4)
      guard literals <= block.count - place, literals <= count - out.count else { throw Refusal(nil, "LZ4 literals") }
      out += block[place..<place + literals]
      place += literals
      if place == block.count { break }
      // The format's end of block: the last match starts 12 bytes before the end at least.
      guard out.count + 12 <= count else { throw Refusal(nil, "LZ4 match at the end") }
      let distance = try next() + 256 * next()
      guard distance > 0, distance <= out.count else { throw Refusal(nil, "LZ4 distance \(distance)") }
      let match = try length(token & 15) + 4
      // The last 5 bytes are literals.
      guard match <= count - out.count - 5 else { throw Refusal(nil, "LZ4 match of \(match)") }
      for _ in 0..<match { out.append(out[out.count - distance]) }
    }
    guard out.count == count else { throw Refusal(nil, "LZ4 block of \(out.count) bytes") }
    return out
  }
}

/// coding.md, "Entropy-coded bytes".
enum EntropyCodedBytes {
  static func decode(_ coded: [UInt8], _ count: Int) throws -> [UInt8] {
    var parts = Parts(coded)
    let segment = try parts.u32("segment")
    guard segment >= 1024 else { throw Refusal(nil, "segment \(segment)") }
    let tableBytes = try parts.u32("table_bytes")
    var states = try (0..<32).map { _ in try parts.u32("states") }
    guard states.allSatisfy({ $0 >= 65_536 }) else { throw Refusal(nil, "states") }
    var bits = BitReader(try parts.take(tableBytes, "tables"))
    var result: [UInt8] = []
    for first in stride(from: 0, to: count, by: segment) {
      let frequencies = try table(&bits)
      // Which value a slot stands for, and where the value starts.
      var (owner, start) = ([UInt8](), [Int]())
      for (value, f) in frequencies.enumerated() {
        start.append(owner.count)
        owner += [UInt8](repeating: UInt8(value), count: f)
      }
      for i in first..<min(first + segment, count) {
        let slot = states[i % 32] % 4096
        let value = Int(owner[slot])
        states[i % 32] = frequencies[value] * (states[i % 32] / 4096) + slot - start[value]
        if states[i % 32] < 65_536 { states[i % 32] = try 65_536 * states[i % 32] + parts.u16("words") }
        result.append(owner[slot])
      }
    }
    try bits.end()
    try parts.end()
    guard states.allSatisfy({ $0 == 65_536 }) else { throw Refusal(nil, "states at the end") }
    return result
  }

  /// The frequencies of all byte values, 4096 together.
  private static func table(_ bits: inout BitReader) throws -> [Int] {
    var codes: [Int] = []
    while codes.count < 256 {
      let m = try bits.golomb(2)
      let d = m % 2 == 1 ? (m + 1) / 2 : -(m / 2)
      let code = (codes.last ?? 0) + d
      guard (0...103).contains(code) else { throw Refusal(nil, "code \(code)") }
      codes.append(code)
      if code == 0 {
        let run = try bits.golomb(0)
        guard run <= 256 - codes.count else { throw Refusal(nil, "a run of \(run) zeros") }
        codes += [Int](repeating: 0, count: run)
      }
    }
    let weights = codes.map { $0 < 8 ? $0 : (8 + $0 % 8) << ($0 / 8 - 1) }
    let sum = weights.reduce(0, +)
    guard sum > 0 else { throw Refusal(nil, "all codes are 0") }
    var frequencies = weights.map { $0 > 0 ? max(1, 4096 * $0 / sum) : 0 }
    while true {
      let total = frequencies.reduce(0, +)
      if total == 4096 { return frequencies }
      let largest = frequencies.firstIndex(of: frequencies.max()!)!
      frequencies[largest] = max(1, frequencies[largest] + 4096 - total)
    }
  }
}
