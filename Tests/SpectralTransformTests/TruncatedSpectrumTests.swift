import Foundation
import SpectralTransform
import TestSupport
import Testing

@Suite struct TruncatedSpectrumTests {
  /// Coefficients of numbers of at most 1: sums of at most P terms of at most 2/P, so at most 2, transformed with an
  /// error of 4·log₂(2P)·ε of the 2-norm (see RealFourierPlanTests): √P·√P·(2/P).
  private static func bound(_ shape: TruncatedSpectrum) -> Double {
    8 * (log2(2 * Double(shape.period)) + 1) * 0x1p-23
  }

  private static func forward(_ signal: [Float], _ shape: TruncatedSpectrum) -> [Float] {
    var coefficients = [Float](repeating: .nan, count: shape.coefficientCount)
    signal.withUnsafeBufferPointer {
      shape.forward($0, into: &coefficients, scratch: TruncatedSpectrum.Scratch(shape))
    }
    return coefficients
  }

  private static func inverse(_ coefficients: [Float], count: Int, _ shape: TruncatedSpectrum) -> [Float] {
    var signal = [Float](repeating: .nan, count: count)
    signal.withUnsafeMutableBufferPointer {
      shape.inverse(coefficients, into: $0, scratch: TruncatedSpectrum.Scratch(shape))
    }
    return signal
  }

  private static func shapes(period: Int) -> [TruncatedSpectrum] {
    (1...period / 2 + 1).map { TruncatedSpectrum(period: period, frequencies: $0) }
  }

  @Test(arguments: 1...40) func everyTruncationAgreesWithTheReference(period: Int) {
    for length in 0...period {
      let signal = RealFourierPlanTests.signal(length)
      // The reference of the most frequencies holds those of fewer: coefficients do not depend on N.
      let full = TruncatedSpectrum(period: period, frequencies: period / 2 + 1)
      let reference = TruncatedSpectrum.Reference.forward(signal.map(Double.init), full)
      for shape in Self.shapes(period: period) {
        let coefficients = Self.forward(signal, shape)
        #expect(WorstError.between(coefficients, Array(reference[..<shape.coefficientCount])) <= Self.bound(shape))
      }
    }
  }

  @Test(arguments: 1...40) func everyReconstructionAgreesWithTheReference(period: Int) {
    for shape in Self.shapes(period: period) {
      let coefficients = RealFourierPlanTests.signal(shape.coefficientCount)
      let sums = TruncatedSpectrum.Reference.inverse(coefficients.map(Double.init), count: period, shape)
      let restored = Self.inverse(coefficients, count: period, shape)
      // ‖x̃‖₂ ≤ √P·‖coefficients‖₂, and 2N numbers of at most 1 have a norm of at most √(2N).
      let norm = (Double(period) * Double(shape.coefficientCount)).squareRoot()
      #expect(WorstError.between(restored, sums) <= 4 * (log2(2 * Double(period)) + 1) * 0x1p-23 * norm)
      for length in 0...period {
        #expect(Self.inverse(coefficients, count: length, shape) == Array(restored[..<length]))
      }
    }
  }

  @Test(arguments: [1, 2, 3, 8, 15, 40]) func allFrequenciesGiveTheSignalBack(period: Int) {
    let shape = TruncatedSpectrum(period: period, frequencies: period / 2 + 1)
    for length in 0...period {
      let signal = RealFourierPlanTests.signal(length)
      let restored = Self.inverse(Self.forward(signal, shape), count: length, shape)
      #expect(
        WorstError.between(restored, signal.map(Double.init)) <= Double(period).squareRoot() * 4 * Self.bound(shape))
    }
  }

  /// With P equal to the length, what truncation leaves out is orthogonal to what it keeps, and a second round changes
  /// nothing.
  @Test(arguments: [1, 2, 5, 12, 33, 40]) func truncationProjects(period: Int) {
    let signal = RealFourierPlanTests.signal(period)
    for shape in Self.shapes(period: period) {
      let kept = Self.inverse(Self.forward(signal, shape), count: period, shape)
      let product = zip(signal, kept).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.1) }
      #expect(abs(product) <= Double(period) * 4 * Self.bound(shape))
      let again = Self.inverse(Self.forward(kept, shape), count: period, shape)
      #expect(WorstError.between(again, kept.map(Double.init)) <= Double(period).squareRoot() * 4 * Self.bound(shape))
    }
  }

  /// Coefficients are sums over samples: adding sample by sample gives what the longer signal's transform gives.
  @Test(arguments: [1, 2, 7, 16, 40]) func addingSamplesEqualsTheLongerTransform(period: Int) {
    let signal = RealFourierPlanTests.signal(period)
    for shape in Self.shapes(period: period) {
      for start in [0, period / 2] {
        var coefficients = Self.forward(Array(signal[..<start]), shape)
        for t in start..<period { shape.add(signal[t], at: t, to: &coefficients) }
        // One rounding of numbers of at most 2 for each sample added, besides the transforms' own.
        let bound = 2 * Self.bound(shape) + Double(period - start) * 2 * 0x1p-23
        #expect(WorstError.between(coefficients, Self.forward(signal, shape).map(Double.init)) <= bound)
      }
    }
  }

  @Test func scratchIsReusable() {
    let shape = TruncatedSpectrum(period: 24, frequencies: 5)
    let scratch = TruncatedSpectrum.Scratch(shape)
    for length in [24, 3, 0, 17] {
      let signal = RealFourierPlanTests.signal(length)
      var coefficients = [Float](repeating: .nan, count: shape.coefficientCount)
      signal.withUnsafeBufferPointer { shape.forward($0, into: &coefficients, scratch: scratch) }
      #expect(coefficients == Self.forward(signal, shape))
      var restored = [Float](repeating: .nan, count: length)
      restored.withUnsafeMutableBufferPointer { shape.inverse(coefficients, into: $0, scratch: scratch) }
      #expect(restored == Self.inverse(coefficients, count: length, shape))
    }
  }

  @Test func weights() {
    let even = TruncatedSpectrum(period: 8, frequencies: 5)
    #expect((0..<5).map(even.weight) == [0.125, 0.25, 0.25, 0.25, 0.125])
    let odd = TruncatedSpectrum(period: 5, frequencies: 3)
    #expect((0..<3).map(odd.weight) == [0.2, 0.4, 0.4])
  }
}
