import CKernels

/// The rANS of chapter "Coefficient streams" in plain Swift: what the C kernels must equal. `states` are in the order of
/// lanes 0, 2, …, 30, 1, 3, …, 31.
enum RansReference {
  /// The order in which the lanes of a group of `count` values take their turn, as (lane, place of its state).
  private static func turns(_ count: Int) -> [(lane: Int, state: Int)] {
    stride(from: 0, to: count, by: 2).map { ($0, $0 / 2) } + stride(from: 1, to: count, by: 2).map { ($0, 16 + $0 / 2) }
  }

  /// As `fkv_rans_decode`.
  static func decode(
    _ reader: inout fkv_rans_reader, _ tables: RansTables, _ indices: UnsafeBufferPointer<UInt8>, length: Int,
    _ target: UnsafeMutablePointer<Int16>
  ) -> fkv_rans_result {
    var states = withUnsafeBytes(of: reader.state) { Array($0.bindMemory(to: UInt32.self)) }
    defer { withUnsafeMutableBytes(of: &reader.state) { $0.copyBytes(from: states.withUnsafeBytes(Array.init)) } }
    for (row, index) in indices.enumerated() {
      guard index > 0 else {
        (target + row * length).update(repeating: 0, count: length)
        continue
      }
      for first in stride(from: 0, to: length, by: 32) {
        let result = decodeGroup(
          &reader, &states, tables, CoefficientModels.choice(index), count: min(32, length - first),
          target + row * length + first)
        guard result == fkv_rans_done else { return result }
      }
    }
    return fkv_rans_done
  }

  private static func decodeGroup(
    _ reader: inout fkv_rans_reader, _ states: inout [UInt32], _ tables: RansTables, _ choice: (table: Int, shift: Int),
    count: Int, _ target: UnsafeMutablePointer<Int16>
  ) -> fkv_rans_result {
    let frequencies = tables.frequencies[choice.table]
    let starts = tables.starts[choice.table]
    let escape = frequencies.count - 1
    for (lane, state) in turns(count) {
      let slot = states[state] & 0x7fff
      let magnitude = starts.lastIndex { $0 <= slot }!
      let frequency = frequencies[magnitude]
      var rest = slot - starts[magnitude]
      let negative = rest >= frequency
      if negative { rest -= frequency }
      target[lane] = Int16(negative ? -magnitude : magnitude)
      states[state] = frequency * (states[state] >> 15) + rest
      guard refill(&reader, &states[state]) else { return fkv_rans_no_words }
    }
    for lane in 0..<count where target[lane] == escape {
      guard let value = readEscape(&reader, escape: escape, shift: choice.shift) else { return fkv_rans_bad_escape }
      target[lane] = value
    }
    guard choice.shift > 0 else { return fkv_rans_done }
    for (lane, state) in turns(count) {
      let low = Int(states[state]) & ((1 << choice.shift) - 1)
      target[lane] = Int16(truncatingIfNeeded: Int(target[lane]) << choice.shift + low - 1 << (choice.shift - 1))
      states[state] >>= UInt32(choice.shift)
      guard refill(&reader, &states[state]) else { return fkv_rans_no_words }
    }
    return fkv_rans_done
  }

  private static func refill(_ reader: inout fkv_rans_reader, _ state: inout UInt32) -> Bool {
    guard state < 1 << 16 else { return true }
    guard reader.words_end - reader.words >= 2 else { return false }
    state = state << 16 | UInt32(reader.words[1]) << 8 | UInt32(reader.words[0])
    reader.words += 2
    return true
  }

  private static func readEscape(_ reader: inout fkv_rans_reader, escape: Int, shift: Int) -> Int16? {
    func bit() -> Int? {
      guard reader.escape_bit < reader.escape_bits else { return nil }
      let bit = reader.escapes[Int(reader.escape_bit >> 3)] >> UInt8(7 - reader.escape_bit & 7) & 1
      reader.escape_bit += 1
      return Int(bit)
    }
    var zeros = 0
    while true {
      guard zeros <= 15, let next = bit() else { return nil }
      if next == 1 { break }
      zeros += 1
    }
    var number = 1
    for _ in 0..<zeros {
      guard let next = bit() else { return nil }
      number = number << 1 | next
    }
    guard let sign = bit() else { return nil }
    let high = (escape + number - 1) * (sign == 1 ? -1 : 1)
    let half = shift > 0 ? 1 << (shift - 1) : 0
    return high >= (half - 32768) >> shift && high <= (half + 32767) >> shift ? Int16(high) : nil
  }

  /// As `fkv_rans_encode`.
  static func encode(
    _ states: inout [UInt32], _ tables: RansTables, _ indices: UnsafeBufferPointer<UInt8>, length: Int,
    _ source: UnsafePointer<Int16>, end: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    var words = end
    for row in indices.indices.reversed() where indices[row] > 0 {
      let (table, shift) = CoefficientModels.choice(indices[row])
      let half = shift > 0 ? 1 << (shift - 1) : 0
      for first in stride(from: 0, to: length, by: 32).reversed() {
        let values = UnsafeBufferPointer(start: source + row * length + first, count: min(32, length - first))
        if shift > 0 {
          for (lane, state) in turns(values.count).reversed() {
            emit(&states[state], limit: 1 << UInt64(32 - shift), &words)
            states[state] = states[state] << UInt32(shift) | UInt32((Int(values[lane]) + half) & ((1 << shift) - 1))
          }
        }
        for (lane, state) in turns(values.count).reversed() {
          let high = (Int(values[lane]) + half) >> shift
          let magnitude = min(abs(high), tables.frequencies[table].count - 1)
          let frequency = tables.frequencies[table][magnitude]
          let escaped = magnitude == tables.frequencies[table].count - 1
          let start = tables.starts[table][magnitude] + (high < 0 && !escaped ? frequency : 0)
          emit(&states[state], limit: UInt64(frequency) << 17, &words)
          states[state] = (states[state] / frequency) << 15 + states[state] % frequency + start
        }
      }
    }
    return words
  }

  private static func emit(_ state: inout UInt32, limit: UInt64, _ words: inout UnsafeMutablePointer<UInt8>) {
    guard UInt64(state) >= limit else { return }
    words -= 2
    words[0] = UInt8(truncatingIfNeeded: state)
    words[1] = UInt8(truncatingIfNeeded: state >> 8)
    state >>= 16
  }
}
