import ComputeKernels
import Foundation
import KVCacheModel
import SpectralTransform
import TestSupport
import Testing

@testable import CacheCodec

/// The paper's incremental update: tokens that leave the window are folded into the coefficients.
@Suite struct FourierSectionAppendingTests {
  private static let period = 420

  /// The parts that a section made of all tokens with the same choice of features has; coefficients from plain sums.
  private static func expected(
    _ tensor: CacheTensor, like section: FourierSection
  ) -> (edge: [UInt8], exact: [UInt8], coefficients: [Double]) {
    let columns = FeatureColumns(tokens: tensor.tokens, headDim: tensor.headDim)
    let middle = section.sinks..<tensor.tokens - section.window
    let size = tensor.elementType.byteCount
    let values = tensor.decodedElements
    let shape = TruncatedSpectrum(period: section.period, frequencies: section.frequencies)
    let signals = section.spectralFeatures.map { feature in
      TruncatedSpectrum.Reference.forward(
        middle.map { Double(values[columns.index(feature: feature, token: $0)]) }, shape)
    }
    return (
      columns.gatherRows(
        tensor.bytes, elementSize: size, heads: tensor.kvHeads, 0..<section.sinks, middle.upperBound..<tensor.tokens),
      columns.gatherBytes(tensor.bytes, elementSize: size, features: section.exactFeatures, over: middle),
      (0..<shape.coefficientCount).flatMap { row in signals.map { $0[row] } }
    )
  }

  /// Extends a section of the first tokens by steps of `sizes` in turn, through its bytes each time.
  private static func extended(
    _ tensor: CacheTensor, from start: Int, sizes: [Int], coefficients: ElementType
  ) throws -> (section: FourierSection, steps: Int) {
    var section = SectionCases.section(
      tensor.rows(0..<start), SectionCases.parameters(window: 5, states: 10, period: period, coefficients: coefficients)
    )
    var (end, steps) = (start, 0)
    let size = tensor.elementType.byteCount
    while end < tensor.tokens {
      let count = min(sizes[steps % sizes.count], tensor.tokens - end)
      section.append(tensor.rows(end..<end + count))
      end += count
      steps += 1
      section = try FourierSection(
        parsing: section.encoded(elementSize: size).bytes,
        layer: SectionCases.layer(tokens: end, kvHeads: tensor.kvHeads, headDim: tensor.headDim), elementSize: size,
        place: "here")
    }
    return (section, steps)
  }

  /// Signals of at most `largest`, and so coefficients of at most 2·largest (a sum of at most P terms of 2/P each).
  ///
  /// The first transform is off by 8·(log₂ 2P + 1)·2⁻²³ (TruncatedSpectrumTests). Each step rounds a coefficient once,
  /// by 2⁻²⁴ of it, and its products' sum by 2⁻²⁴ for the table, the product and each sum over its samples; the steps'
  /// samples together are at most P, so that is at most (s + 2)·2⁻²⁴·2 for steps of s samples at most.
  private static func bound(steps: Int, size: Int, largest: Double) -> Double {
    largest
      * (8 * (log2(2 * Double(period)) + 1) * 0x1p-23 + Double(steps) * 2 * 0x1p-24
        + Double(size + 2) * 2 * 0x1p-24)
  }

  @Test(arguments: [[1], [7], [1, 40, 3], [400]], ElementType.allCases)
  func hundredsOfStepsEqualOneCompression(sizes: [Int], type: ElementType) throws {
    let layer = SectionCases.layer(tokens: 400)
    let tensor = SectionCases.tensor(layer, type)
    let (section, steps) = try Self.extended(tensor, from: 20, sizes: sizes, coefficients: .float32)
    #expect(section.middle == 400 - 1 - 5 && section.spectralFeatures.count == 3)
    let expected = Self.expected(tensor, like: section)
    #expect(section.edgeBytes == expected.edge && section.exactBytes == expected.exact)
    let largest = tensor.decodedElements.map { Double(abs($0)) }.max()!
    let worst = WorstError.between(section.coefficients, expected.coefficients)
    #expect(worst <= Self.bound(steps: steps, size: min(sizes.max()!, 256), largest: largest))
  }

  /// Half precision adds an error of up to 2⁻¹¹ of a coefficient each time: within that bound, but far outside the one of
  /// single precision.
  @Test func halfPrecisionLosesALittleEachTime() throws {
    let tensor = SectionCases.tensor(SectionCases.layer(tokens: 400), .float32)
    let largest = tensor.decodedElements.map { Double(abs($0)) }.max()!
    let (section, steps) = try Self.extended(tensor, from: 20, sizes: [1], coefficients: .float16)
    let worst = WorstError.between(section.coefficients, Self.expected(tensor, like: section).coefficients)
    let single = Self.bound(steps: steps, size: 1, largest: largest)
    #expect(worst <= single + Double(steps + 1) * 2 * largest * 0x1p-11)
    #expect(worst > single)
  }

  /// The window keeps its length, also where more tokens come than it holds.
  @Test(arguments: [1, 4, 5, 6, 30]) func theWindowMovesOn(count: Int) throws {
    let tensor = SectionCases.tensor(SectionCases.layer(tokens: 20 + count))
    let (section, _) = try Self.extended(tensor, from: 20, sizes: [count], coefficients: .float32)
    #expect(section.sinks == 1 && section.window == 5 && section.middle == 14 + count)
    let expected = Self.expected(tensor, like: section)
    #expect(section.edgeBytes == expected.edge && section.exactBytes == expected.exact)
  }
}
