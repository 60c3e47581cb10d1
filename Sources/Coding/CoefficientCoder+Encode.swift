import CKernels

extension CoefficientCoder {
  /// The coded form of the matrix `values`, `rows` rows of `rowLength` values.
  ///
  /// - Parameter period: rows between a row and the one whose model is likely the same, for example the number of
  ///   frequencies where rows run through the frequencies of one component after the other. 1…65535.
  /// - Parameter shared: models that stand elsewhere, for example those of a longer matrix of which this is a part. A row
  ///   whose shared index is 0 must be all zero.
  public static func encode(
    _ values: UnsafeBufferPointer<Int16>, rows: Int, rowLength: Int, period: Int = 1, shared: CoefficientModels? = nil
  ) -> [UInt8] {
    encode(values, rows: rows, rowLength: rowLength, period: period, shared: shared, level: .selected)
  }

  /// The coded form of the matrix `values`, as `encode` of a buffer gives it.
  public static func encode(
    _ values: [Int16], rows: Int, rowLength: Int, period: Int = 1, shared: CoefficientModels? = nil
  ) -> [UInt8] {
    values.withUnsafeBufferPointer {
      encode($0, rows: rows, rowLength: rowLength, period: period, shared: shared, level: .selected)
    }
  }

  static func encode(
    _ values: UnsafeBufferPointer<Int16>, rows: Int, rowLength: Int, period: Int, shared: CoefficientModels?,
    level: SIMDLevel
  ) -> [UInt8] {
    precondition((1...65535).contains(period), "period must be 1…65535, not \(period)")
    CoefficientModels.checkShape(values.count, rows: rows, rowLength: rowLength)
    guard values.contains(where: { $0 != 0 }) else { return [Kind.zero.rawValue] }
    guard let shared else {
      let models = CoefficientModels.choose(
        values, rows: rows, rowLength: rowLength, period: period, CoefficientModels.Family.allCases
      ).models
      return encodeWithModels(values, rowLength, period, models, level)
    }
    precondition(shared.indices.count == rows, "\(shared.indices.count) models for \(rows) rows")
    for (row, index) in shared.indices.enumerated() where index == 0 {
      precondition(
        values[row * rowLength..<(row + 1) * rowLength].allSatisfy { $0 == 0 },
        "row \(row), whose shared model is 0, holds other values")
    }
    var output = [Kind.sharedModels.rawValue]
    append([Part(values, rowLength, shared)], to: &output, level)
    return output
  }

  private static func encodeWithModels(
    _ values: UnsafeBufferPointer<Int16>, _ rowLength: Int, _ period: Int, _ models: CoefficientModels,
    _ level: SIMDLevel
  ) -> [UInt8] {
    let shape = sideShape(models.indices.count)
    var side = [Int16](repeating: 0, count: shape.rows * shape.length)
    for (row, index) in models.indices.enumerated() {
      side[row] = Int16(index) - (predictor(row, period: period).map { Int16(models.indices[$0]) } ?? 0)
    }
    return side.withUnsafeBufferPointer { side in
      let sideModels = CoefficientModels.choose(
        side, rows: shape.rows, rowLength: shape.length, period: shape.rows, [.laplace]
      ).models
      var output = [
        Kind.ownModels.rawValue, models.family.rawValue, UInt8(truncatingIfNeeded: period), UInt8(period >> 8),
      ]
      output += sideModels.indices
      append([Part(side, shape.length, sideModels), Part(values, rowLength, models)], to: &output, level)
      return output
    }
  }

  /// Rows that one run of the coder takes.
  private struct Part {
    let values: UnsafeBufferPointer<Int16>
    let rowLength: Int
    let models: CoefficientModels

    init(_ values: UnsafeBufferPointer<Int16>, _ rowLength: Int, _ models: CoefficientModels) {
      self.values = values
      self.rowLength = rowLength
      self.models = models
    }

    /// The most bytes of words that the rows can need.
    var room: Int { models.indices.reduce(0) { $0 + ($1 == 0 ? 0 : $1 <= 26 ? 2 : 4) * rowLength } }
  }

  /// Appends word count, states, words and escapes of `parts`, which the decoder meets in order.
  private static func append(_ parts: [Part], to output: inout [UInt8], _ level: SIMDLevel) {
    var states = [UInt32](repeating: 1 << 16, count: 32)
    let room = parts.reduce(0) { $0 + $1.room }
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
    defer { buffer.deallocate() }
    var words = buffer + room
    for part in parts.reversed() {
      let tables = RansTables.of(part.models.family)
      words = part.models.indices.withUnsafeBufferPointer { indices in
        level == .reference
          ? RansReference.encode(
            &states, tables, indices, length: part.rowLength, part.values.baseAddress!, end: words)
          : fkv_rans_encode(
            &states, tables.models, indices.baseAddress, indices.count, part.rowLength, part.values.baseAddress, words)
      }
    }
    let wordBytes = buffer + room - words
    precondition(wordBytes / 2 <= Int(UInt32.max), "more than 2^32 - 1 words in a stream")
    for value in [UInt32(wordBytes / 2)] + states {
      for byte in 0..<4 { output.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    output += UnsafeBufferPointer(start: words, count: wordBytes)
    output += escapes(parts)
  }

  private static func escapes(_ parts: [Part]) -> [UInt8] {
    var bits = BitWriter()
    for part in parts {
      for row in part.models.escapingRows(part.values, rowLength: part.rowLength) {
        let (table, shift) = CoefficientModels.choice(part.models.indices[row])
        let escape = CoefficientModels.frequencies(part.models.family)[table].count - 1
        for at in row * part.rowLength..<(row + 1) * part.rowLength {
          let high = CoefficientModels.high(Int(part.values[at]), shift)
          if abs(high) >= escape { bits.appendEscape(abs(high) - escape, negative: high < 0) }
        }
      }
    }
    return bits.bytes
  }
}
