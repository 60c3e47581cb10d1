import ComputeKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Evaluates signals of few low frequencies at every token of a period, and projects signals on those frequencies, by a
/// short FFT and interpolation (docs/method.md, "Attention without reconstruction").
///
///     x̃(t) = Σₙ aₙ·cos(2πnt/P) + bₙ·sin(2πnt/P),   n < N
///          ≈ Σⱼ φ(t/R − ⌊t/R⌋ − j + 3)·y(⌊t/R⌋ + j − 3),   j = 0 … 7
///
/// y are Q = P/R points of the signal with frequency n divided by φ's own spectrum at n/Q; φ is the Kaiser–Bessel window
/// of eight points. R is the largest divisor of P in 4 … 128 that leaves Q ≥ 3.5·N and Q ≥ 16; where there is none, R is 1,
/// y is the signal itself and nothing is interpolated.
public struct SpectralGrid: Sendable {
  /// P and N.
  public let spectrum: TruncatedSpectrum
  /// R: tokens from one grid point to the next.
  public let stride: Int
  /// Q.
  public let points: Int
  /// (R, 8): row r holds the weights of a token r after its grid point; empty if R is 1.
  public let weights: [Float]
  /// What coefficients are multiplied by before the FFT, and after its transpose: 1/φ̂(n/Q) for n = 0 … N−1; ones if R is 1.
  public let corrections: [Float]

  /// Grid points that a token's value is made of.
  public static let taps = 8
  /// How many of them stand before the token's own.
  private static let reach = 3

  /// |x̃ − exact| ≤ this · Σₙ (|aₙ| + |bₙ|): the window's own error, the largest over all shapes that are taken; rounding
  /// of the FFT and of eight products comes on top.
  public static let windowError = 1.2e-6

  /// What R may be.
  private static let strides = 4...128

  private static func leastPoints(frequencies n: Int) -> Int { max(16, (7 * n + 1) / 2) }

  /// A period of at least `tokens` for which a grid is short and its FFT fast: R·Q with Q made of 2, 3, 5 and 7, and the
  /// largest R that makes it longer by no more than a 64th, a multiple of 16 or of 4 if one does; `tokens` itself where
  /// there is none.
  public static func period(atLeast tokens: Int, frequencies: Int) -> Int {
    precondition(tokens >= 1 && frequencies >= 1)
    let least = leastPoints(frequencies: frequencies)
    for (multiple, most) in [(16, 10 * least / 7), (4, .max), (1, .max)] {
      for r in strides.reversed() where r % multiple == 0 {
        var q = max(least, (tokens + r - 1) / r)
        while q <= most, r * q <= tokens + tokens / 64 {
          var rest = q
          for prime in [2, 3, 5, 7] { while rest % prime == 0 { rest /= prime } }
          if rest == 1 { return r * q }
          q += 1
        }
      }
    }
    return tokens
  }

  public init(_ spectrum: TruncatedSpectrum) {
    self.spectrum = spectrum
    let (p, n) = (spectrum.period, spectrum.frequencies)
    let least = Self.leastPoints(frequencies: n)
    let stride = Self.strides.last { r in p % r == 0 && p / r >= least } ?? 1
    self.stride = stride
    points = p / stride
    guard stride > 1 else {
      weights = []
      corrections = Array(repeating: 1, count: n)
      return
    }
    let window = KaiserWindow(oversampling: Double(points) / Double(2 * n), width: Self.taps)
    weights = (0..<stride * Self.taps).map { index in
      let (row, tap) = (index / Self.taps, index % Self.taps)
      return Float(window.value(at: Double(row) / Double(stride) - Double(tap - Self.reach)))
    }
    let q = Double(points)
    corrections = (0..<n).map { Float(1 / window.transform(at: Double($0) / q)) }
  }

  /// Whether tokens are interpolated between grid points.
  public var isInterpolated: Bool { stride > 1 }

  /// Numbers of a row that `expand` writes: Q, or where it interpolates, the cells of whole tiles of 16 and the points
  /// around them: index i is grid point i − 3.
  public var rowLength: Int { isInterpolated ? (points + 15) / 16 * 16 + Self.taps : points }

  /// The grid points of signals.
  ///
  /// - Shape: `coefficients` is (rows, 2N): a₀, b₀, a₁, b₁, …; the result is (rows, `rowLength`).
  public func expand(_ coefficients: [Float], rows: Int) -> [Float] {
    let (n, width) = (spectrum.frequencies, 2 * spectrum.frequencies)
    precondition(coefficients.count == rows * width)
    guard rows > 0 else { return [] }
    let plan = RealFourierBatch.plan(length: points, count: rows)
    var spectra = [Float](repeating: 0, count: rows * 2 * plan.spectrumCount)
    for row in 0..<rows {
      let (source, target) = (row * width, row * 2 * plan.spectrumCount)
      for k in 0..<n {
        let factor = corrections[k] * (k == 0 || 2 * k == points ? 1 : 0.5)
        spectra[target + 2 * k] = factor * coefficients[source + 2 * k]
        spectra[target + 2 * k + 1] = -factor * coefficients[source + 2 * k + 1]
      }
    }
    var signals = [Float](unsafeUninitializedCapacity: rows * points) { $1 = rows * points }
    plan.inverse(&spectra, into: &signals)
    guard isInterpolated else { return signals }
    return [Float](unsafeUninitializedCapacity: rows * rowLength) { target, count in
      count = rows * rowLength
      for row in 0..<rows {
        var place = points - Self.reach
        for i in 0..<rowLength {
          target[row * rowLength + i] = signals[row * points + place]
          place = place + 1 == points ? 0 : place + 1
        }
      }
    }
  }

  /// Σₜ pₜ·cos(2πnt/P) and Σₜ pₜ·sin(2πnt/P) of signals that were spread on the grid: the transpose of `expand`.
  ///
  /// - Shape: `spread` is (rows, `rowLength`), the result (rows, 2N).
  public func project(_ spread: [Float], rows: Int) -> [Float] {
    precondition(spread.count == rows * rowLength)
    guard rows > 0 else { return [] }
    let plan = RealFourierBatch.plan(length: points, count: rows)
    var signals = spread
    if isInterpolated {
      signals = [Float](repeating: 0, count: rows * points)
      for row in 0..<rows {
        var place = points - Self.reach
        for i in 0..<rowLength {
          signals[row * points + place] += spread[row * rowLength + i]
          place = place + 1 == points ? 0 : place + 1
        }
      }
    }
    var spectra = [Float](unsafeUninitializedCapacity: rows * 2 * plan.spectrumCount) { target, count in
      count = rows * 2 * plan.spectrumCount
      plan.forward(&signals, into: target.baseAddress!)
    }
    let n = spectrum.frequencies
    return [Float](unsafeUninitializedCapacity: rows * 2 * n) { target, count in
      count = rows * 2 * n
      spectra.withUnsafeMutableBufferPointer { spectra in
        for row in 0..<rows {
          let source = row * 2 * plan.spectrumCount
          for k in 0..<n {
            target[(row * n + k) * 2] = corrections[k] * spectra[source + 2 * k]
            target[(row * n + k) * 2 + 1] = -corrections[k] * spectra[source + 2 * k + 1]
          }
        }
      }
    }
  }
}

/// The Kaiser–Bessel window of w points, φ(x) = I₀(β·√(1 − (2x/w)²)) / I₀(β), and its Fourier transform.
struct KaiserWindow {
  let width: Double
  /// 0.98·π·w·(1 − 1/(2σ)) for an oversampling of σ: near the least error for w = 8 (tried in steps of 0.02).
  let beta: Double

  init(oversampling: Double, width: Int) {
    self.width = Double(width)
    beta = 0.98 * Double.pi * Double(width) * (1 - 1 / (2 * oversampling))
  }

  /// φ(x); 0 beyond w/2.
  func value(at x: Double) -> Double {
    let inside = 1 - 4 * x * x / (width * width)
    return inside < 0 ? 0 : Self.bessel(beta * inside.squareRoot()) / Self.bessel(beta)
  }

  /// ∫ φ(x)·exp(−2πiξx) dx, for πwξ < β.
  func transform(at frequency: Double) -> Double {
    let root = (beta * beta - (Double.pi * width * frequency) * (Double.pi * width * frequency)).squareRoot()
    return width / Self.bessel(beta) * sinh(root) / root
  }

  /// I₀, by its power series.
  static func bessel(_ x: Double) -> Double {
    var (sum, term, k) = (1.0, 1.0, 1.0)
    while term > 1e-17 * sum {
      term *= (x / 2 / k) * (x / 2 / k)
      sum += term
      k += 1
    }
    return sum
  }
}
