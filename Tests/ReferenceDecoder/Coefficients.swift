import Foundation

/// coding.md, "Coefficient streams". The tables of frequencies are read out of the text itself.
package struct CoefficientTables: Sendable {
  /// [family][table − 1]: f(0), f(1), …, f(escape).
  let frequencies: [[[Int]]]

  /// - Parameter text: all of formats/coding.md.
  package init(text: String) {
    var families: [[[Int]]] = []
    for line in text.split(separator: "\n") {
      if line.hasPrefix("Family ") { families.append([]) }
      let cells = line.split(separator: "|").map { $0.split(separator: " ").compactMap { Int($0) } }
      if !families.isEmpty, cells.count == 4, cells[0].count == 1 {
        precondition(cells[2].count == cells[1][0] && cells[3].count == 1, "a table of coding.md: \(line)")
        families[families.count - 1].append(cells[2] + cells[3])
      }
    }
    precondition(families.map(\.count) == [26, 26], "the tables of coding.md")
    frequencies = families
  }

  /// `rows` rows of `length` integers.
  func decode(_ coded: [UInt8], rows: Int, length: Int) throws -> [Int] {
    var parts = Parts(coded)
    let kind = try parts.u8("kind")
    if kind == 0 {
      try parts.end()
      return [Int](repeating: 0, count: rows * length)
    }
    // Kind 2 takes models from elsewhere, which no section of this version has.
    guard kind == 1 else { throw Refusal(nil, "kind \(kind)") }
    let family = try parts.u8("family")
    guard family <= 1 else { throw Refusal(nil, "family \(family)") }
    let period = try parts.u16("period")
    guard period >= 1 else { throw Refusal(nil, "period 0") }
    let sideRows = (rows + 255) / 256
    let sideIndices = try parts.take(sideRows, "side indices").map { Int($0) }
    guard sideIndices.allSatisfy({ $0 <= 62 }) else { throw Refusal(nil, "side indices") }
    let words = try parts.u32("words")
    var lanes = Lanes()
    for lane in Lanes.order { lanes.states[lane] = try parts.u32("states") }
    guard lanes.states.allSatisfy({ $0 >= 65_536 }) else { throw Refusal(nil, "states") }
    lanes.words = Parts(try parts.take(2 * words, "words"))
    lanes.escapes = BitReader(try parts.take(parts.left, "escapes"))

    // "Indices"
    var indices: [Int] = []
    if sideRows > 0 {
      let sideLength = (rows + sideRows - 1) / sideRows
      var side: [Int] = []
      for index in sideIndices { side += try row(index, sideLength, family: 0, &lanes) }
      for r in 0..<rows {
        let index = side[r] + (r == 0 ? 0 : r < period ? indices[r - 1] : indices[r - period])
        guard (0...62).contains(index) else { throw Refusal(nil, "index \(index)") }
        indices.append(index)
      }
      guard side[rows...].allSatisfy({ $0 == 0 }) else { throw Refusal(nil, "values after the last row") }
    }
    var result: [Int] = []
    for index in indices { result += try row(index, length, family: family, &lanes) }
    guard lanes.states.allSatisfy({ $0 == 65_536 }) else { throw Refusal(nil, "states at the end") }
    try lanes.words.end()
    try lanes.escapes.end()
    return result
  }

  /// What is read while rows are decoded.
  private struct Lanes {
    /// 0, 2, 4, …, 30, 1, 3, …, 31
    static let order = Array(stride(from: 0, to: 32, by: 2)) + Array(stride(from: 1, to: 32, by: 2))
    var states = [Int](repeating: 0, count: 32)
    var words = Parts([])
    var escapes = BitReader([])

    mutating func refill(_ lane: Int) throws {
      if states[lane] < 65_536 { states[lane] = try 65_536 * states[lane] + words.u16("words") }
    }
  }

  /// "Rows"
  private func row(_ index: Int, _ length: Int, family: Int, _ lanes: inout Lanes) throws -> [Int] {
    if index == 0 { return [Int](repeating: 0, count: length) }
    // "Indices": table and shift.
    let table = frequencies[family][(index <= 26 ? index : 24 + (index - 27) % 3) - 1]
    let shift = index <= 26 ? 0 : 1 + (index - 27) / 3
    let escape = table.count - 1
    var start = [0]
    for k in 0...escape { start.append(start[k] + (k > 0 && k < escape ? 2 : 1) * table[k]) }
    var result: [Int] = []
    for first in stride(from: 0, to: length, by: 32) {
      let group = min(32, length - first)
      let order = Lanes.order.filter { $0 < group }
      var values = [Int](repeating: 0, count: group)
      // 1. High parts.
      for lane in order {
        let slot = lanes.states[lane] % 32_768
        let k = (0...escape).first { slot < start[$0 + 1] }!
        let (f, d) = (table[k], slot - start[k])
        let isNegative = k > 0 && k < escape && d >= f
        values[lane] = isNegative ? -k : k
        lanes.states[lane] = f * (lanes.states[lane] / 32_768) + (isNegative ? d - f : d)
        try lanes.refill(lane)
      }
      // 2. Escapes.
      let o = shift > 0 ? 1 << (shift - 1) : 0
      for i in 0..<group where values[i] == escape {
        let magnitude = try escape + lanes.escapes.golomb(0)
        values[i] = try lanes.escapes.bit() == 1 ? -magnitude : magnitude
        guard values[i] >= (-32_768 + o) >> shift, values[i] <= (32_767 + o) >> shift else {
          throw Refusal(nil, "an escape of \(values[i])")
        }
      }
      // 3. Low bits.
      if shift > 0 {
        for lane in order {
          let low = lanes.states[lane] % (1 << shift)
          lanes.states[lane] >>= shift
          try lanes.refill(lane)
          values[lane] = Int(Int16(truncatingIfNeeded: (values[lane] << shift) + low - o))
        }
      }
      result += values
    }
    return result
  }
}
