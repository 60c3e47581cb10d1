import ComputeKernels

extension QuantisedBasis {
  /// Quantises the leading vectors of an orthonormal basis.
  ///
  /// Reflectors are found one by one within panels of 32 vectors; the vectors after a panel see its reflectors at once,
  /// as a product with I − V·Tᵀ·Vᵀ (the compact WY form, Schreiber and Van Loan 1989).
  ///
  /// - Parameters:
  ///   - vectors: (S or more, n), row j is vector j.
  ///   - steps: δⱼ of the S vectors to keep; smaller is finer. A step that would need integers beyond ±32000 is made
  ///     coarser.
  /// - Complexity: O(n·S²).
  public init(vectors: [Float], dimension n: Int, steps: [Float]) {
    let s = steps.count
    precondition(s <= n && vectors.count >= s * n)
    var rest = Array(vectors[0..<s * n])
    var lists: [[Int16]] = []
    lists.reserveCapacity(s)
    var start = 0
    while start < s {
      let end = min(start + 32, s)
      var panel = [Float](repeating: 0, count: (end - start) * n)
      for j in start..<end {
        let list = Self.quantise(rest[j * n + j..<(j + 1) * n], step: steps[j])
        lists.append(list)
        let v = Self.reflector(list)
        for i in v.indices { panel[(j - start) * n + j + i] = v[i] }
        let scale = 2 / v.reduce(Float(0)) { $0 + $1 * $1 }
        rest.withUnsafeMutableBufferPointer { rest in
          v.withUnsafeBufferPointer { v in
            for k in j + 1..<max(end, j + 1) { Self.reflect(rest.baseAddress! + k * n + j, v, scale: scale) }
          }
        }
      }
      Self.apply(panel: panel, count: end - start, dimension: n, to: &rest, rows: end..<s)
      start = end
    }
    self.init(dimension: n, integers: lists)
  }

  /// x − scale·(x·v)·v in place.
  private static func reflect(_ x: UnsafeMutablePointer<Float>, _ v: UnsafeBufferPointer<Float>, scale: Float) {
    var dot: Float = 0
    for i in v.indices { dot += x[i] * v[i] }
    let factor = dot * scale
    for i in v.indices { x[i] -= factor * v[i] }
  }

  /// Rows x of `rest` become x·(I − V·Tᵀ·Vᵀ)ᵀ = x − ((x·V)·T)·Vᵀ, where `panel` is Vᵀ, (count, n).
  private static func apply(panel: [Float], count b: Int, dimension n: Int, to rest: inout [Float], rows: Range<Int>) {
    guard !rows.isEmpty else { return }
    var gram = [Float](repeating: 0, count: b * b)
    var t = gram
    var projections = [Float](repeating: 0, count: rows.count * b)
    var turned = projections
    panel.withUnsafeBufferPointer { panel in
      let v = MatrixView(panel.baseAddress!, rows: b, columns: n)
      MatrixProduct.multiply(v, by: v, transposeB: true, into: &gram)
      for j in 0..<b {
        let tau = 2 / gram[j * b + j]
        for i in 0..<j {
          var sum: Float = 0
          for k in i..<j { sum += t[i * b + k] * gram[k * b + j] }
          t[i * b + j] = -tau * sum
        }
        t[j * b + j] = tau
      }
      rest.withUnsafeMutableBufferPointer { rest in
        let target = rest.baseAddress! + rows.lowerBound * n
        MatrixProduct.multiply(
          MatrixView(target, rows: rows.count, columns: n), by: v, transposeB: true, into: &projections)
        MatrixProduct.multiply(
          MatrixView(projections, rows: rows.count, columns: b), by: MatrixView(t, rows: b, columns: b), into: &turned)
        MatrixProduct.multiply(
          MatrixView(turned, rows: rows.count, columns: b), by: v, into: target, scale: -1, accumulate: true)
      }
    }
  }

  private static func quantise(_ x: ArraySlice<Float>, step: Float) -> [Int16] {
    let norm = x.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
    guard norm > 0, norm.isFinite else { return [1] + Array(repeating: 0, count: x.count - 1) }
    let peak = x.reduce(Float(0)) { Swift.max($0, abs($1)) } / norm
    let inverse = 1 / (norm * Swift.max(step, peak / 32_000))
    let list = x.map { Int16(($0 * inverse).rounded()) }
    if list.contains(where: { $0 != 0 }) { return list }
    var single = [Int16](repeating: 0, count: x.count)
    let largest = x.indices.max { abs(x[$0]) < abs(x[$1]) }!
    single[largest - x.startIndex] = x[largest] < 0 ? -1 : 1
    return single
  }
}
