import CKernels

extension CoefficientModels {
  /// The models that code the matrix `values`, `rows` rows of `rowLength` values, in few bits, those for naming the models
  /// included: for each family the cheapest way through the rows, and of the families the cheaper one.
  ///
  /// - Parameter period: as for `CoefficientCoder.encode`.
  public init(for values: UnsafeBufferPointer<Int16>, rows: Int, rowLength: Int, period: Int = 1) {
    self = Self.choose(values, rows: rows, rowLength: rowLength, period: period, Family.allCases).models
  }

  /// The models that code the matrix `values` in few bits; as `init` of a buffer.
  public init(for values: [Int16], rows: Int, rowLength: Int, period: Int = 1) {
    self = values.withUnsafeBufferPointer {
      CoefficientModels(for: $0, rows: rows, rowLength: rowLength, period: period)
    }
  }

  /// What naming a model is taken to cost: near what the coder of side rows makes of it.
  static let sideCosts = fkv_rans_side_costs(same: 256, other: 3072, step: 1536, far: 16 * 1024)

  /// The cheapest models and their cost in 2^-10 bits. Rows `period` apart share the cost of naming their models; with a
  /// period of `rows` each row is for itself.
  static func choose(
    _ values: UnsafeBufferPointer<Int16>, rows: Int, rowLength: Int, period: Int, _ families: [Family]
  ) -> (models: CoefficientModels, cost: UInt64) {
    checkShape(values.count, rows: rows, rowLength: rowLength)
    precondition(period > 0, "period must be positive, not \(period)")
    guard let source = values.baseAddress, values.count > 0 else {
      return (CoefficientModels(family: families[0], indices: [UInt8](repeating: 0, count: rows)), 0)
    }
    let costs = families.map(RansTables.of).map {
      fkv_rans_costs(tables: $0.models, costs: $0.costs, escape_costs: $0.escapeCosts)
    }
    var side = sideCosts
    var totals = [UInt64](repeating: 0, count: families.count)
    var indices = [UInt8](repeating: 0, count: families.count * rows)
    let isDone = fkv_rans_choose(
      costs, families.count, source, rows, rowLength, period, &side, &indices, &totals)
    precondition(isDone == 1, "no memory to choose models for \(rows) rows")
    let best = totals.indices.min { totals[$0] < totals[$1] }!
    return (
      CoefficientModels(family: families[best], indices: Array(indices[best * rows..<(best + 1) * rows])), totals[best]
    )
  }

  static func checkShape(_ count: Int, rows: Int, rowLength: Int) {
    precondition(rows >= 0 && rowLength >= 0, "rows and row length must not be negative")
    let (expected, overflow) = rows.multipliedReportingOverflow(by: rowLength)
    precondition(!overflow && expected == count, "\(count) values are not \(rows) rows of \(rowLength)")
  }

  /// The rows of `values` that need escapes, ascending.
  func escapingRows(_ values: UnsafeBufferPointer<Int16>, rowLength: Int) -> [Int] {
    let rows = indices.count
    let tables = RansTables.of(family)
    let found = [UInt8](unsafeUninitializedCapacity: rows) { found, initialized in
      guard rows > 0, rowLength > 0 else { return }
      _ = fkv_rans_find_escapes(
        tables.models, indices, values.baseAddress!, rows, rowLength, found.baseAddress!)
      initialized = rows
    }
    return found.indices.filter { found[$0] == 1 }
  }

  /// What is left of a value when `shift` low bits are split off.
  static func high(_ value: Int, _ shift: Int) -> Int { shift == 0 ? value : (value + 1 << (shift - 1)) >> shift }
}
