#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The N lowest frequencies of a signal over a period P: FourierAttention's states (arXiv 2506.11886, section 3).
///
///     aₙ = w(n)/P · Σₜ xₜ·cos(2πnt/P)      bₙ = w(n)/P · Σₜ xₜ·sin(2πnt/P)      n = 0 … N−1
///     x̃ₜ = Σₙ aₙ·cos(2πnt/P) + bₙ·sin(2πnt/P)
///
/// w(0) = 1, w(P/2) = 1, otherwise 2: with P equal to the signal's length x̃ is the orthogonal projection of x. A longer
/// P treats the missing samples as zeros and leaves room for tokens to come: coefficients are sums over samples, so
/// adding a sample at t adds one term to each (`add`).
public struct TruncatedSpectrum: Sendable {
  /// P, in samples.
  public let period: Int
  /// N; at most P/2 + 1.
  public let frequencies: Int

  /// - Precondition: 1 ≤ `frequencies` ≤ `period`/2 + 1.
  public init(period: Int, frequencies: Int) {
    precondition(period >= 1 && frequencies >= 1 && frequencies <= period / 2 + 1)
    self.period = period
    self.frequencies = frequencies
  }

  /// w(n) / P.
  public func weight(_ n: Int) -> Float { (n == 0 || 2 * n == period ? 1 : 2) / Float(period) }

  /// Numbers that `Scratch` and `coefficients` hold for one signal: a₀, b₀, a₁, b₁, …
  public var coefficientCount: Int { 2 * frequencies }

  /// Memory for one signal's transforms; one a thread.
  public final class Scratch {
    fileprivate var signal: [Float]
    fileprivate var spectrum: [Float]

    /// Room for one signal of `spectrum`'s period.
    public init(_ spectrum: TruncatedSpectrum) {
      signal = Array(repeating: 0, count: spectrum.period)
      self.spectrum = Array(repeating: 0, count: 2 * (spectrum.period / 2 + 1))
    }
  }

  /// Writes the `coefficientCount` coefficients of a signal of at most P samples.
  ///
  /// - Complexity: O(P log P).
  public func forward(
    _ signal: UnsafeBufferPointer<Float>, into coefficients: UnsafeMutablePointer<Float>, scratch: Scratch
  ) {
    precondition(signal.count <= period)
    let plan = RealFourierPlan.plan(length: period)
    scratch.signal.withUnsafeMutableBufferPointer { padded in
      for t in 0..<signal.count { padded[t] = signal[t] }
      for t in signal.count..<period { padded[t] = 0 }
      scratch.spectrum.withUnsafeMutableBufferPointer { spectrum in
        plan.forward(padded.baseAddress!, into: spectrum.baseAddress!)
        for n in 0..<frequencies {
          coefficients[2 * n] = weight(n) * spectrum[2 * n]
          coefficients[2 * n + 1] = -weight(n) * spectrum[2 * n + 1]
        }
      }
    }
  }

  /// Writes x̃ at t = 0 ..< `signal.count`, at most P samples, from `coefficientCount` coefficients.
  ///
  /// - Complexity: O(P log P).
  public func inverse(
    _ coefficients: UnsafePointer<Float>, into signal: UnsafeMutableBufferPointer<Float>, scratch: Scratch
  ) {
    precondition(signal.count <= period)
    let plan = RealFourierPlan.plan(length: period)
    scratch.spectrum.withUnsafeMutableBufferPointer { spectrum in
      spectrum.update(repeating: 0)
      for n in 0..<frequencies {
        // FFTW's inverse counts n = 0 and n = P/2 once and every other n twice.
        let half: Float = n == 0 || 2 * n == period ? 1 : 0.5
        spectrum[2 * n] = half * coefficients[2 * n]
        spectrum[2 * n + 1] = -half * coefficients[2 * n + 1]
      }
      scratch.signal.withUnsafeMutableBufferPointer { full in
        plan.inverse(spectrum.baseAddress!, into: full.baseAddress!)
        for t in 0..<signal.count { signal[t] = full[t] }
      }
    }
  }

  /// Adds a sample at position t to coefficients that were computed without it (the paper's incremental update).
  ///
  /// - Complexity: O(N).
  public func add(_ sample: Float, at t: Int, to coefficients: UnsafeMutablePointer<Float>) {
    precondition(t >= 0 && t < period)
    for n in 0..<frequencies {
      // n·t mod P keeps the angle small, so that late samples are as exact as early ones.
      let angle = 2 * Double.pi * Double(n * t % period) / Double(period)
      let scaled = Double(weight(n) * sample)
      coefficients[2 * n] += Float(scaled * cos(angle))
      coefficients[2 * n + 1] += Float(scaled * sin(angle))
    }
  }
}
