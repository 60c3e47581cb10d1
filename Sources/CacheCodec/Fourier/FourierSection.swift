import Coding
import ComputeKernels
import KVCacheModel
import SpectralTransform

/// The contents of a profile `fourier` section: keys or values of one layer (formats/fkv.md §9).
struct FourierSection: Equatable {
  var sinks: Int
  var middle: Int
  var window: Int
  var frequencies: Int
  var period: Int
  var reconstruction: FourierReconstruction
  var coefficientType: ElementType
  /// For each feature of the layer, whether it is kept as a spectrum.
  var isSpectral: [Bool]
  /// For `published`: what the truncated signal of each spectral feature is multiplied by and shifted by; else empty.
  var scales: [Float]
  var offsets: [Float]
  /// Sinks and window, (H, sinks + window, D), as stored.
  var edgeBytes: [UInt8]
  /// Exact features of the middle, feature by feature, as stored.
  var exactBytes: [UInt8]
  /// (2N, spectral features): row 2n is aₙ, row 2n + 1 is bₙ.
  var coefficients: [Float]

  /// Where the bytes of an encoded section go.
  struct Parts: Hashable, Sendable {
    var edge = 0
    var exact = 0
    var coefficients = 0
    var exactFeatures = 0
    var states = 0
  }

  var spectralFeatures: [Int] { isSpectral.indices.filter { isSpectral[$0] } }
  var exactFeatures: [Int] { isSpectral.indices.filter { !isSpectral[$0] } }

  /// Bytes before the feature map.
  static let headBytes = 56

  /// The section's bytes; coefficients are rounded to their type.
  func encoded(elementSize: Int) -> (bytes: [UInt8], parts: Parts) {
    let edge = PlanedLZ4.encode(edgeBytes, elementSize: elementSize)
    let exact = PlanedLZ4.encode(exactBytes, elementSize: elementSize)
    let raw = coefficientType == .float16 ? StoredElements.narrowHalf(coefficients) : StoredElements.bytes(coefficients)
    let packed = PlanedLZ4.encode(raw, elementSize: coefficientType.byteCount)
    var writer = ByteWriter()
    for number in [sinks, middle, window, isSpectral.count, spectralFeatures.count, frequencies, period] {
      writer.append(UInt32(number))
    }
    writer.append(reconstruction.rawValue)
    writer.append(coefficientType.rawValue)
    writer.append(UInt16(0))
    for bytes in [edge, exact, packed] { writer.append(UInt64(bytes.count)) }
    var map = [UInt8](repeating: 0, count: (isSpectral.count + 7) / 8)
    for feature in spectralFeatures { map[feature / 8] |= 1 << (feature % 8) }
    writer.append(map)
    writer.append(scales)
    writer.append(offsets)
    for bytes in [edge, exact, packed] { writer.append(bytes) }
    let parts = Parts(
      edge: edge.count, exact: exact.count, coefficients: packed.count, exactFeatures: exactFeatures.count,
      states: 2 * frequencies)
    return (writer.bytes, parts)
  }
}
