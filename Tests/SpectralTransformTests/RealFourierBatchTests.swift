import SpectralTransform
import TestSupport
import Testing

@Suite struct RealFourierBatchTests {
  /// Each signal of a batch is transformed as alone, up to the order of FFTW's sums.
  @Test(arguments: [1, 2, 3, 8, 30, 31, 64, 2032]) func everySignalAsAlone(length: Int) {
    for count in [1, 2, 4] {
      let batch = RealFourierBatch.plan(length: length, count: count)
      let single = RealFourierPlan.plan(length: length)
      #expect(batch.spectrumCount == length / 2 + 1)
      var generator = RepeatableGenerator(seed: UInt64(length))
      let signals = (0..<count * length).map { _ in Float.random(in: -1...1, using: &generator) }
      var spectra = [Float](repeating: 0, count: count * 2 * batch.spectrumCount)
      var input = signals
      batch.forward(&input, into: &spectra)
      var back = [Float](repeating: 0, count: count * length)
      var copy = spectra
      batch.inverse(&copy, into: &back)
      // An FFT of n numbers up to 1 is off by at most 3·log₂(n)·2⁻²⁴·n; there and back twice that, times n.
      let bound = Float(length) * Float(3 * (Int.bitWidth - length.leadingZeroBitCount)) * 0x1p-24
      for k in 0..<count {
        var own = Array(signals[k * length..<(k + 1) * length])
        var spectrum = [Float](repeating: 0, count: 2 * batch.spectrumCount)
        single.forward(&own, into: &spectrum)
        for i in spectrum.indices {
          #expect(abs(spectrum[i] - spectra[k * spectrum.count + i]) <= 2 * bound)
        }
        for t in 0..<length {
          #expect(abs(back[k * length + t] / Float(length) - signals[k * length + t]) <= 2 * bound)
        }
      }
    }
  }
}
