import CacheCodec
import ComputeKernels
import KVCacheModel
import SpectralTransform

/// Rebuilds rows of one head of keys or values of profile `fourier` by the sums themselves, cosine by cosine: what
/// attention without reconstruction is measured and tested against.
struct FourierRows {
  private let parts: FourierParts
  private let head: Int
  private let headDim: Int
  /// Elements of the head that are spectral, and their columns of the coefficients.
  private let spectral: [(element: Int, column: Int)]
  private let exact: [(element: Int, place: Int)]
  private let edge: [Float]
  private let exactValues: [Float]
  /// (2N, own spectral features).
  private let coefficients: [Float]

  init(_ parts: FourierParts, head: Int) {
    self.parts = parts
    self.head = head
    let d = parts.edge.headDim
    headDim = d
    let features = head * d..<(head + 1) * d
    spectral = parts.spectralFeatures.enumerated().filter { features.contains($1) }.map { ($1 - head * d, $0) }
    exact = parts.exactFeatures.enumerated().filter { features.contains($1) }.map { ($1 - head * d, $0) }
    let size = parts.edge.elementType.byteCount
    func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
      CacheTensor(
        kvHeads: 1, tokens: bytes.count / size, headDim: 1, elementType: parts.edge.elementType, bytes: Array(bytes)
      ).floats()
    }
    let edgeBytes = parts.edge.tokens * d * size
    edge = floats(parts.edge.bytes[head * edgeBytes..<(head + 1) * edgeBytes])
    let (first, count) = (exact.first?.place ?? 0, exact.count)
    exactValues = floats(parts.exactBytes[first * parts.middle * size..<(first + count) * parts.middle * size])
    let states = parts.spectrum?.coefficientCount ?? 0
    let columns = spectral.map(\.column)
    let all = parts.spectralFeatures.count
    coefficients = (0..<states).flatMap { row in columns.map { parts.coefficients[row * all + $0] } }
  }

  /// Rows of the layer, (rows, D), in double precision.
  func doubles(_ rows: Range<Int>) -> [Double] {
    var result = exactElements(rows).map(Double.init)
    guard let spectrum = parts.spectrum, !spectral.isEmpty else { return result }
    let middle = rows.clamped(to: parts.sinks..<parts.sinks + parts.middle)
    guard !middle.isEmpty else { return result }
    let table = Self.table(middle.lowerBound - parts.sinks..<middle.upperBound - parts.sinks, spectrum)
    let rebuilt = MatrixProduct.multiply(
      table, by: coefficients.map(Double.init), m: middle.count, k: spectrum.coefficientCount, n: spectral.count)
    for (index, row) in middle.enumerated() {
      for (place, own) in spectral.enumerated() {
        result[(row - rows.lowerBound) * headDim + own.element] = rebuilt[index * spectral.count + place]
      }
    }
    return result
  }

  /// The same in single precision, with cosines that were made for these rows alone.
  func floats(_ rows: Range<Int>) -> [Float] {
    var result = exactElements(rows)
    guard let spectrum = parts.spectrum, !spectral.isEmpty else { return result }
    let middle = rows.clamped(to: parts.sinks..<parts.sinks + parts.middle)
    guard !middle.isEmpty else { return result }
    let table = Self.table(middle.lowerBound - parts.sinks..<middle.upperBound - parts.sinks, spectrum).map(Float.init)
    var rebuilt = [Float](repeating: 0, count: middle.count * spectral.count)
    MatrixProduct.multiply(
      MatrixView(table, rows: middle.count, columns: spectrum.coefficientCount),
      by: MatrixView(coefficients, rows: spectrum.coefficientCount, columns: spectral.count), into: &rebuilt)
    for (index, row) in middle.enumerated() {
      for (place, own) in spectral.enumerated() {
        result[(row - rows.lowerBound) * headDim + own.element] = rebuilt[index * spectral.count + place]
      }
    }
    return result
  }

  /// Rows with everything that is exact; 0 where an element is spectral.
  private func exactElements(_ rows: Range<Int>) -> [Float] {
    var result = [Float](repeating: 0, count: rows.count * headDim)
    let middle = parts.sinks..<parts.sinks + parts.middle
    for (index, row) in rows.enumerated() {
      if middle.contains(row) {
        for (place, own) in exact.enumerated() {
          result[index * headDim + own.element] = exactValues[place * parts.middle + row - parts.sinks]
        }
      } else {
        let source = (row < parts.sinks ? row : row - parts.middle) * headDim
        for i in 0..<headDim { result[index * headDim + i] = edge[source + i] }
      }
    }
    return result
  }

  /// cos(2πnt/P) and sin(2πnt/P) in turn, (positions, 2N). From e^{iθ} at each position by turning from one n to the
  /// next and starting anew at every 64th, so that errors stay below 64·2⁻⁵³.
  private static func table(_ positions: Range<Int>, _ spectrum: TruncatedSpectrum) -> [Double] {
    let (n, p) = (spectrum.frequencies, spectrum.period)
    return [Double](unsafeUninitializedCapacity: positions.count * 2 * n) { target, count in
      count = positions.count * 2 * n
      var place = 0
      for t in positions {
        let step = UnitAngle(t, of: p)
        var turn = step
        for k in 0..<n {
          if k % 64 == 0 { turn = UnitAngle(k * t % p, of: p) }
          target[place] = turn.cosine
          target[place + 1] = turn.sine
          place += 2
          turn = turn.turned(by: step)
        }
      }
    }
  }
}
