import CFFTW
import Foundation

/// FFTW's real transforms of several signals of one length at once, planned once and used by every thread.
///
/// Signals lie one after the other, and so do spectra; see `RealFourierPlan` for what a plan may differ in.
public final class RealFourierBatch: @unchecked Sendable {
  /// Samples of one signal.
  public let length: Int
  /// Signals.
  public let count: Int
  /// Complex coefficients of one signal: length/2 + 1.
  public var spectrumCount: Int { length / 2 + 1 }

  private let forwardPlan: fftwf_plan
  private let inversePlan: fftwf_plan

  private struct Shape: Hashable {
    var length: Int
    var count: Int
  }

  private static let lock = NSLock()
  private nonisolated(unsafe) static var plans: [Shape: RealFourierBatch] = [:]

  /// The plan of that shape, made at the first call.
  ///
  /// - Precondition: both are positive, and the numbers of all signals at most `RealFourierPlan.longestLength`.
  public static func plan(length: Int, count: Int) -> RealFourierBatch {
    precondition(length > 0 && count > 0 && length <= RealFourierPlan.longestLength / count)
    return lock.withLock {
      let shape = Shape(length: length, count: count)
      if let known = plans[shape] { return known }
      let plan = RealFourierPlan.planning { RealFourierBatch(length: length, count: count) }
      plans[shape] = plan
      return plan
    }
  }

  private init(length: Int, count: Int) {
    self.length = length
    self.count = count
    var n = Int32(length)
    let (samples, coefficients) = (Int32(length), Int32(length / 2 + 1))
    let real = fftwf_alloc_real(length * count)!
    let complex = fftwf_alloc_complex((length / 2 + 1) * count)!
    let flags = UInt32(FFTW_ESTIMATE) | UInt32(FFTW_UNALIGNED)
    forwardPlan = fftwf_plan_many_dft_r2c(
      1, &n, Int32(count), real, nil, 1, samples, complex, nil, 1, coefficients, flags)
    inversePlan = fftwf_plan_many_dft_c2r(
      1, &n, Int32(count), complex, nil, 1, coefficients, real, nil, 1, samples, flags)
    fftwf_free(real)
    fftwf_free(complex)
  }

  /// `RealFourierPlan.forward` of every signal; `signals` is overwritten.
  ///
  /// - Shape: `signals` is (count, length), `spectra` (count, spectrumCount) pairs of real and imaginary part.
  public func forward(_ signals: UnsafeMutablePointer<Float>, into spectra: UnsafeMutablePointer<Float>) {
    spectra.withMemoryRebound(to: fftwf_complex.self, capacity: count * spectrumCount) {
      fftwf_execute_dft_r2c(forwardPlan, signals, $0)
    }
  }

  /// `RealFourierPlan.inverse` of every spectrum; `spectra` is overwritten.
  public func inverse(_ spectra: UnsafeMutablePointer<Float>, into signals: UnsafeMutablePointer<Float>) {
    spectra.withMemoryRebound(to: fftwf_complex.self, capacity: count * spectrumCount) {
      fftwf_execute_dft_c2r(inversePlan, $0, signals)
    }
  }
}
