import Foundation
import TestSupport
import Testing

@testable import SpectralTransform

@Suite struct RealFourierPlanTests {
  static func signal(_ count: Int) -> [Float] {
    var generator = RepeatableGenerator(seed: UInt64(count))
    return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  /// A transform's error in the 2-norm is at most c·log₂(2P)·ε of the result's 2-norm with a small c (Higham, Accuracy
  /// and Stability, 24.1); FFTW reaches c < 1, 4 is allowed. No single number is further off than the 2-norm.
  private static func bound(_ length: Int, norm: Double) -> Double { 4 * log2(2 * Double(length)) * 0x1p-23 * norm }

  private static func norm(_ x: [Float]) -> Double { x.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }

  @Test(arguments: Array(1...48) + [97, 128, 500, 509]) func bothDirectionsAgreeWithTheSums(length: Int) {
    let plan = RealFourierPlan.plan(length: length)
    #expect(plan.length == length && plan.spectrumCount == length / 2 + 1)
    let original = Self.signal(length)
    var signal = original
    var spectrum = [Float](repeating: .nan, count: 2 * plan.spectrumCount)
    plan.forward(&signal, into: &spectrum)
    // ‖X‖₂ over all frequencies is √P·‖x‖₂.
    let bound = Self.bound(length, norm: Double(length).squareRoot() * Self.norm(original))
    var worst = WorstError()
    for n in 0..<plan.spectrumCount {
      var (real, imaginary) = (0.0, 0.0)
      for (t, x) in original.enumerated() {
        let angle = 2 * Double.pi * Double(n * t % length) / Double(length)
        real += Double(x) * cos(angle)
        imaginary -= Double(x) * sin(angle)
      }
      worst.add(spectrum[2 * n], real)
      worst.add(spectrum[2 * n + 1], imaginary)
    }
    #expect(worst.value <= bound)
    var back = [Float](repeating: .nan, count: length)
    plan.inverse(&spectrum, into: &back)
    for (x, y) in zip(original, back) {
      #expect(abs(Double(y) / Double(length) - Double(x)) <= 2 * Self.bound(length, norm: Self.norm(original)))
    }
  }

  @Test func aPlanIsMadeOnce() {
    #expect(RealFourierPlan.plan(length: 77) === RealFourierPlan.plan(length: 77))
  }

  /// Executed on memory of any alignment, and from many threads at once: the same bits.
  @Test func alignmentAndThreadsDoNotMatter() async {
    let signal = Self.signal(120)
    @Sendable func transform(offset: Int) -> [Float] {
      let plan = RealFourierPlan.plan(length: 120)
      var padded = Array(repeating: Float.zero, count: offset) + signal
      var spectrum = [Float](repeating: 0, count: offset + 2 * plan.spectrumCount)
      padded.withUnsafeMutableBufferPointer { padded in
        spectrum.withUnsafeMutableBufferPointer {
          plan.forward(padded.baseAddress! + offset, into: $0.baseAddress! + offset)
        }
      }
      return Array(spectrum[offset...])
    }
    let expected = transform(offset: 0)
    await withTaskGroup(of: [Float].self) { group in
      for task in 0..<32 { group.addTask { transform(offset: task % 5) } }
      for await found in group { #expect(found == expected) }
    }
  }
}
