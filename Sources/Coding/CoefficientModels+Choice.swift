import CKernels

extension CoefficientModels {
  /// The models that code the matrix `values`, `rows` rows of `rowLength` values, in the fewest bits: of each family the
  /// cheapest model of each row, and of the families the cheaper one.
  public init(for values: UnsafeBufferPointer<Int16>, rows: Int, rowLength: Int) {
    self = Self.choose(values, rows: rows, rowLength: rowLength, families: Family.allCases, .selected).models
  }

  /// The models that code the matrix `values` in the fewest bits.
  public init(for values: [Int16], rows: Int, rowLength: Int) {
    self = values.withUnsafeBufferPointer { CoefficientModels(for: $0, rows: rows, rowLength: rowLength) }
  }

  /// The cheapest models, the sum of their rows' costs in 2^-10 bits, and the rows that need escapes.
  static func choose(
    _ values: UnsafeBufferPointer<Int16>, rows: Int, rowLength: Int, families: [Family], _ level: SIMDLevel
  ) -> (models: CoefficientModels, cost: UInt64, escaping: [Int]) {
    checkShape(values.count, rows: rows, rowLength: rowLength)
    guard values.count > 0 else {
      return (CoefficientModels(family: families[0], indices: [UInt8](repeating: 0, count: rows)), 0, [])
    }
    var best: (family: Family, indices: [UInt8], cost: UInt64)?
    for family in families {
      let tables = RansTables.of(family)
      var cost: UInt64 = 0
      let indices = [UInt8](unsafeUninitializedCapacity: rows) { buffer, initialized in
        cost =
          level == .reference
          ? choose(values.baseAddress!, rows, rowLength, tables, buffer.baseAddress!)
          : fkv_rans_choose(
            tables.models, tables.costs, tables.escapeCosts, values.baseAddress!, rows, rowLength, buffer.baseAddress!)
        initialized = rows
      }
      if best == nil || cost < best!.cost { best = (family, indices, cost) }
    }
    let (family, indices, cost) = best!
    return (
      CoefficientModels(family: family, indices: indices.map { $0 & 0x7f }), cost,
      indices.indices.filter { indices[$0] & 0x80 != 0 }
    )
  }

  static func checkShape(_ count: Int, rows: Int, rowLength: Int) {
    precondition(rows >= 0 && rowLength >= 0, "rows and row length must not be negative")
    let (expected, overflow) = rows.multipliedReportingOverflow(by: rowLength)
    precondition(!overflow && expected == count, "\(count) values are not \(rows) rows of \(rowLength)")
  }

  /// As `fkv_rans_choose`, in plain Swift.
  private static func choose(
    _ source: UnsafePointer<Int16>, _ rows: Int, _ length: Int, _ tables: RansTables,
    _ indices: UnsafeMutablePointer<UInt8>
  ) -> UInt64 {
    var total: UInt64 = 0
    for row in 0..<rows {
      let values = (0..<length).map { Int(source[row * length + $0]) }
      indices[row] = 0
      guard values.contains(where: { $0 != 0 }) else { continue }
      let mean = values.reduce(0) { $0 + abs($1) } / length
      let middle = mean > 0 ? Int.bitWidth - 1 - mean.leadingZeroBitCount : 0
      let shifts = mean > 1 ? (max(1, middle - 1)...middle).filter { $0 <= 12 } : []
      let candidates = (1...26) + shifts.flatMap { shift in (0..<3).map { 27 + 3 * (shift - 1) + $0 } }
      let costs = candidates.map { cost(values, UInt8($0), tables) }
      let cheapest = costs.min()!
      let index = UInt8(candidates[costs.firstIndex(of: cheapest)!])
      let (table, shift) = choice(index)
      let escape = tables.frequencies[table].count - 1
      indices[row] = index | (values.contains { abs(high($0, shift)) >= escape } ? 0x80 : 0)
      total += cheapest
    }
    return total
  }

  /// What is left of a value when `shift` low bits are split off.
  static func high(_ value: Int, _ shift: Int) -> Int { shift == 0 ? value : (value + 1 << (shift - 1)) >> shift }

  private static func cost(_ values: [Int], _ index: UInt8, _ tables: RansTables) -> UInt64 {
    let (table, shift) = choice(index)
    let escape = tables.frequencies[table].count - 1
    return values.reduce(UInt64(1024 * shift * values.count)) { sum, value in
      let magnitude = abs(high(value, shift))
      guard magnitude >= 16 else { return sum + UInt64(tables.costs[16 * table + magnitude]) }
      return sum + UInt64(tables.escapeCosts[table]) + 1024 * UInt64(Escape.bits(magnitude - escape))
    }
  }
}
