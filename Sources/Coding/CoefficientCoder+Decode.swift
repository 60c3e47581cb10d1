import CKernels

extension CoefficientCoder {
  /// Fills `target` with the matrix that `coded` holds, `rows` rows of `rowLength` values.
  ///
  /// A stream of one byte can stand for any number of zeros: the caller must know that `rows` and `rowLength` are
  /// reasonable. Memory besides `target` is `rows` bytes and little more.
  ///
  /// - Parameter shared: the models that the stream was encoded with, if it does not hold its own.
  /// - Throws: `CodingError` if `coded` is not the coded form of such a matrix; `target` then holds nothing useful.
  public static func decode(
    _ coded: UnsafeRawBufferPointer, rows: Int, rowLength: Int, shared: CoefficientModels? = nil,
    into target: UnsafeMutableBufferPointer<Int16>
  ) throws {
    try decode(coded, rows: rows, rowLength: rowLength, shared: shared, into: target, level: .selected)
  }

  /// The matrix that `coded` holds; as `decode` into a buffer.
  public static func decode(
    _ coded: [UInt8], rows: Int, rowLength: Int, shared: CoefficientModels? = nil
  ) throws -> [Int16] {
    try decode(coded, rows: rows, rowLength: rowLength, shared: shared, level: .selected)
  }

  /// The models that a stream of `rows` rows holds, or nil if it holds none (all zero, or coded with shared models).
  ///
  /// - Throws: `CodingError` if the models' part of `coded` is damaged.
  public static func models(in coded: UnsafeRawBufferPointer, rows: Int) throws -> CoefficientModels? {
    var stream = try CoefficientStream(coded, rows: rows)
    return try stream.decodeModels(.selected)
  }

  static func decode(
    _ coded: [UInt8], rows: Int, rowLength: Int, shared: CoefficientModels?, level: SIMDLevel
  ) throws -> [Int16] {
    try coded.withUnsafeBytes { coded in
      try [Int16](unsafeUninitializedCapacity: rows * rowLength) { buffer, initialized in
        let target = UnsafeMutableBufferPointer(rebasing: buffer[..<(rows * rowLength)])
        try decode(coded, rows: rows, rowLength: rowLength, shared: shared, into: target, level: level)
        initialized = rows * rowLength
      }
    }
  }

  static func decode(
    _ coded: UnsafeRawBufferPointer, rows: Int, rowLength: Int, shared: CoefficientModels?,
    into target: UnsafeMutableBufferPointer<Int16>, level: SIMDLevel
  ) throws {
    CoefficientModels.checkShape(target.count, rows: rows, rowLength: rowLength)
    precondition(shared == nil || shared!.indices.count == rows, "shared models must be one a row")
    var stream = try CoefficientStream(coded, rows: rows)
    switch stream.kind {
    case .zero:
      target.update(repeating: 0)
      return
    case .ownModels:
      try stream.decode(stream.decodeModels(level)!, rowLength, into: target, level)
    case .sharedModels:
      guard let shared else { throw CodingError.corrupt(part: "coefficient models", offset: 0) }
      try stream.decode(shared, rowLength, into: target, level)
    }
    try stream.finish()
  }
}
