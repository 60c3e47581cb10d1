import ComputeKernels

/// The principal components of rows of F numbers: a mean and orthonormal vectors, the strongest first, both rounded to
/// binary16 as they are stored.
struct PrincipalBasis: Sendable {
  /// F.
  let width: Int
  let mean: [Float]
  /// k.
  let count: Int
  /// (k, F).
  let components: [Float]

  /// - Precondition: `components` is (k, F).
  init(mean: [Float], components: [Float]) {
    width = mean.count
    self.mean = Self.rounded(mean)
    self.components = Self.rounded(components)
    count = width == 0 ? 0 : components.count / width
  }

  /// Bytes of the mean and of the first `count` components in binary16.
  func byteCount(components count: Int) -> Int { 2 * width * (count + 1) }

  /// Coefficients of `rows` rows (rows, F) on the components `range`: (rows, range.count). The rows' blocks run in
  /// parallel.
  func project(_ matrix: [Float], on range: Range<Int>) throws -> [Float] {
    let rows = matrix.count / max(width, 1)
    return try blocks(rows) { block in
      var centred = Array(matrix[block.lowerBound * width..<block.upperBound * width])
      subtractMean(&centred)
      var result = [Float](repeating: 0, count: block.count * range.count)
      guard !range.isEmpty else { return result }
      centred.withUnsafeBufferPointer { centred in
        components.withUnsafeBufferPointer { components in
          MatrixProduct.multiply(
            MatrixView(centred.baseAddress!, rows: block.count, columns: width),
            by: MatrixView(components.baseAddress! + range.lowerBound * width, rows: range.count, columns: width),
            transposeB: true, into: &result)
        }
      }
      return result
    }
  }

  /// mean + coefficients · components: (rows, F) of (rows, count) coefficients on the first `count` components.
  func synthesise(_ coefficients: [Float], rows: Int, count: Int) throws -> [Float] {
    precondition(coefficients.count == rows * count && count <= self.count)
    return try blocks(rows) { block in
      var result: [Float] = []
      result.reserveCapacity(block.count * width)
      for _ in block { result += mean }
      guard count > 0 else { return result }
      coefficients.withUnsafeBufferPointer { coefficients in
        components.withUnsafeBufferPointer { components in
          MatrixProduct.multiply(
            MatrixView(coefficients.baseAddress! + block.lowerBound * count, rows: block.count, columns: count),
            by: MatrixView(components.baseAddress!, rows: count, columns: width), into: &result, accumulate: true)
        }
      }
      return result
    }
  }

  private func subtractMean(_ matrix: inout [Float]) {
    for start in stride(from: 0, to: matrix.count, by: width) {
      for column in 0..<width { matrix[start + column] -= mean[column] }
    }
  }

  private func blocks(_ rows: Int, _ body: @Sendable (Range<Int>) -> [Float]) throws -> [Float] {
    let size = 512
    let parts = try ParallelLoop.map((rows + size - 1) / size) { body($0 * size..<min(($0 + 1) * size, rows)) }
    return Array(parts.joined())
  }

  private static func rounded(_ values: [Float]) -> [Float] { HalfPrecision.widen(HalfPrecision.narrow(values)) }
}
