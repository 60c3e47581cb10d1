import Foundation
import KVCacheModel
import SpectralTransform
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct GroupSamplesTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var type: ElementType
    var pairing: RotaryEmbedding.Pairing
    var testDescription: String { "\(type) \(pairing.name)" }
  }

  static let cases = ElementType.allCases.flatMap { type in
    RotaryEmbedding.Pairing.allCases.map { Case(type: type, pairing: $0) }
  }

  private static let group = LayerGroup(
    firstLayer: 0, count: 2,
    shape: LayerGeometry(kvHeads: 2, queryHeads: 2, headDim: 7, tokens: 13, firstPosition: 1000))
  private static let weights: [Float] = [0.3, 1, 7, 1e-3]
  private static let mean = (0..<28).map { Float($0) / 8 - 1.5 }

  private static func rope(_ pairing: RotaryEmbedding.Pairing) -> RotaryEmbedding {
    RotaryEmbedding(
      pairing: pairing, dimensions: pairing == .none ? 0 : 6, base: 100, scaling: "none",
      inverseFrequencies: pairing == .none ? [] : RotaryEmbedding.unscaledFrequencies(dimensions: 6, base: 100),
      magnitude: pairing == .none ? 1 : 1.25)
  }

  private static func samples(_ pairing: RotaryEmbedding.Pairing) -> GroupSamples {
    GroupSamples(
      group: group, weights: weights, mean: mean,
      rotation: pairing == .none ? nil : KeyRotation(rope(pairing), firstPosition: 1000, count: 13))
  }

  /// Row t is weight · (un-rotated element − mean), un-rotated here in Double.
  @Test(arguments: cases) func featuresAreWeightedUnrotatedAndCentred(of test: Case) {
    let tensors = SpectralCases.tensors(Self.group, test.type)
    let rope = Self.rope(test.pairing)
    var found = [Float](repeating: .nan, count: 9 * 28)
    Self.samples(test.pairing).read(tensors, rows: 3..<12, into: &found)
    var worst = WorstError()
    for layer in 0..<2 {
      let elements = ElementCoding.decode(tensors[layer].bytes, as: test.type)
      for head in 0..<2 {
        for row in 3..<12 {
          var x = (0..<7).map { Double(elements[(head * 13 + row) * 7 + $0]) }
          let size = x.map { abs($0) }.max()!
          for (pair, frequency) in rope.inverseFrequencies.enumerated() {
            let (i, j) = rope.elements(ofPair: pair)
            let angle = Double(1000 + row) * frequency
            (x[i], x[j]) = (
              (x[i] * cos(angle) + x[j] * sin(angle)) / 1.25, (x[j] * cos(angle) - x[i] * sin(angle)) / 1.25
            )
          }
          for d in 0..<7 {
            let column = (layer * 2 + head) * 7 + d
            let (w, m) = (Double(Self.weights[layer * 2 + head]), Double(Self.mean[column]))
            // The rotation rounds at most six times relative to two elements, centring and weighting twice more.
            worst.add(
              found[(row - 3) * 28 + column], w * (x[d] - m), unit: w * (14 * size + 2 * abs(m)) * 0x1p-24)
          }
        }
      }
    }
    #expect(worst.value <= 1)
  }

  /// What was read is written back: to rounding, and then to the element type's.
  @Test(arguments: cases) func writingUndoesReading(of test: Case) {
    let tensors = SpectralCases.tensors(Self.group, test.type)
    let samples = Self.samples(test.pairing)
    var target = tensors.map {
      CacheTensor(
        kvHeads: 2, tokens: 13, headDim: 7, elementType: test.type, bytes: [UInt8](repeating: 0, count: $0.bytes.count))
    }
    for rows in [0..<1, 1..<1, 1..<9, 9..<13] {
      var features = [Float](repeating: 0, count: rows.count * 28 + 1)
      samples.read(tensors, rows: rows, into: &features)
      samples.write(features, rows: rows, into: &target)
    }
    let last: Double = test.type == .float16 ? 0x1p-11 : test.type == .bfloat16 ? 0x1p-8 : 0x1p-24
    for (original, found) in zip(tensors, target) {
      let (x, y) = (
        ElementCoding.decode(original.bytes, as: test.type), ElementCoding.decode(found.bytes, as: test.type)
      )
      var worst = WorstError()
      for row in 0..<26 {
        let size = Double((0..<7).map { abs(x[row * 7 + $0]) }.max()!)
        for i in row * 7..<(row + 1) * 7 {
          // Both ways round 28 times relative to the largest element, four times to the mean, which is 2 at most.
          worst.add(y[i], Double(x[i]), unit: (28 * size + 4 * 2 * 1.25) * 0x1p-24 + 2 * last * abs(Double(x[i])))
        }
      }
      #expect(worst.value <= 1)
    }
  }
}
