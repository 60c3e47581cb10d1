import CFFTW
import Foundation

/// FFTW's real transforms of one length, planned once and used by every thread.
///
/// Plans are made with FFTW_ESTIMATE: a measured plan may differ from run to run, and with it the last bits of results.
public final class RealFourierPlan: @unchecked Sendable {
  /// Samples of one signal.
  public let length: Int
  /// Complex coefficients of one signal: length/2 + 1.
  public var spectrumCount: Int { length / 2 + 1 }

  /// The longest signal that there may be a plan for; FFTW counts in 32 bits.
  public static let longestLength = 1 << 30

  private let forwardPlan: fftwf_plan
  private let inversePlan: fftwf_plan

  // Recursive, since plans that are forgotten are destroyed by whoever uses them last, perhaps while planning.
  private static let lock = NSRecursiveLock()
  private nonisolated(unsafe) static var plans: [Int: RealFourierPlan] = [:]
  /// Lengths that there are plans for, oldest first.
  private nonisolated(unsafe) static var order: [Int] = []
  /// Samples of all kept plans together; beyond it the oldest are forgotten, so that a file with many periods does not
  /// fill the memory.
  static let mostKeptSamples = 1 << 24

  /// The plan of that length, made at the first call and kept while others of up to 2²⁴ samples together are not newer.
  /// FFTW's planner is not thread-safe, so calls wait for each other.
  public static func plan(length: Int) -> RealFourierPlan {
    precondition(length > 0 && length <= longestLength)
    return lock.withLock {
      if let known = plans[length] { return known }
      let plan = RealFourierPlan(length: length)
      plans[length] = plan
      order.append(length)
      while order.count > 1, order.reduce(0, +) > mostKeptSamples { plans[order.removeFirst()] = nil }
      return plan
    }
  }

  /// Runs `body` while nobody else plans.
  static func planning<Result>(_ body: () -> Result) -> Result { lock.withLock(body) }

  private init(length: Int) {
    self.length = length
    let n = Int32(length)
    let real = fftwf_alloc_real(length)!
    let complex = fftwf_alloc_complex(length / 2 + 1)!
    // FFTW_UNALIGNED: executed on memory of any alignment. FFTW_DESTROY_INPUT is implied for the inverse.
    let flags = UInt32(FFTW_ESTIMATE) | UInt32(FFTW_UNALIGNED)
    forwardPlan = fftwf_plan_dft_r2c_1d(n, real, complex, flags)
    inversePlan = fftwf_plan_dft_c2r_1d(n, complex, real, flags)
    fftwf_free(real)
    fftwf_free(complex)
  }

  deinit {
    // FFTW's planner is not thread-safe, and destroying a plan belongs to it.
    Self.planning {
      fftwf_destroy_plan(forwardPlan)
      fftwf_destroy_plan(inversePlan)
    }
  }

  /// Lengths that a plan is kept for, for tests.
  static var keptLengths: [Int] { lock.withLock { order } }

  /// Xₙ = Σₜ xₜ·exp(−2πi·n·t/length), n = 0 … length/2; unnormalised.
  ///
  /// - Shape: `signal` has `length` elements and is overwritten; `spectrum` takes 2·`spectrumCount` (real and imaginary
  ///   part of each coefficient in turn).
  public func forward(_ signal: UnsafeMutablePointer<Float>, into spectrum: UnsafeMutablePointer<Float>) {
    spectrum.withMemoryRebound(to: fftwf_complex.self, capacity: spectrumCount) {
      fftwf_execute_dft_r2c(forwardPlan, signal, $0)
    }
  }

  /// xₜ = X₀ + 2·Σₙ Re(Xₙ·exp(2πi·n·t/length)) (the last n counted once if length is even): `length` times the
  /// inverse of `forward`. `spectrum` is overwritten.
  public func inverse(_ spectrum: UnsafeMutablePointer<Float>, into signal: UnsafeMutablePointer<Float>) {
    spectrum.withMemoryRebound(to: fftwf_complex.self, capacity: spectrumCount) {
      fftwf_execute_dft_c2r(inversePlan, $0, signal)
    }
  }
}
