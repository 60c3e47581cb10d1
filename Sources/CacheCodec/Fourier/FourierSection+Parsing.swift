import Coding
import ComputeKernels
import KVCacheModel
import SpectralTransform

extension FourierSection {
  /// What the head of a section says of the bytes after it.
  struct Head {
    var numbers: [Int]
    var reconstruction: FourierReconstruction
    var coefficientType: ElementType
    var streamBytes: [Int]
    var parser: ByteParser

    var parts: Parts {
      Parts(
        edge: streamBytes[0], exact: streamBytes[1], coefficients: streamBytes[2],
        exactFeatures: numbers[3] - numbers[4], states: 2 * numbers[5])
    }

    /// What decoding the section takes: its bytes, what its streams hold, the layer as 32-bit numbers and as a tensor;
    /// one transform of a period for each spectral feature, and one plan.
    func cost(layer: LayerGeometry, elementSize: Int, storedBytes: Int) -> DecodingCost {
      let (spectral, frequencies, period) = (numbers[4], numbers[5], numbers[6])
      let exact = DecodingCost.product(elementSize, layer.elementCount)
      let coefficients = DecodingCost.product(2 * (coefficientType.byteCount + 4), frequencies, spectral)
      var cost = DecodingCost.memory(
        storedBytes, exact, coefficients, DecodingCost.product(4 + elementSize, layer.elementCount))
      cost.work = DecodingCost.fourier(elements: layer.elementCount, spectral: spectral, period: period)
      // Signal, spectrum and the plan's factors both ways.
      if spectral > 0 { cost.memory = cost.memory.addingSaturated(24 * period) }
      return cost
    }
  }

  /// Reads and checks the head of a section of a layer.
  ///
  /// - Throws: `CodecError` naming `place`.
  static func head(_ bytes: [UInt8], layer: LayerGeometry, place: String) throws -> Head {
    var parser = ByteParser(bytes, place: place)
    let numbers = try (0..<7).map { _ in try parser.count32() }
    func require(_ holds: Bool, _ field: String, _ declared: Int, _ allowed: String) throws {
      guard holds else {
        throw CodecError.badValue(place: place, field: field, declared: "\(declared)", allowed: allowed)
      }
    }
    let (middle, frequencies, period) = (numbers[1], numbers[5], numbers[6])
    try require(
      numbers[0] + middle + numbers[2] == layer.tokens, "sinks + middle + window", numbers[0] + middle + numbers[2],
      "\(layer.tokens), the layer's tokens")
    try require(numbers[3] == layer.features, "features", numbers[3], "\(layer.features), the layer's H·D")
    try require(numbers[4] <= numbers[3], "spectral features", numbers[4], "at most \(numbers[3])")
    try require(middle > 0 || numbers[4] == 0, "spectral features", numbers[4], "0 without a middle")
    try require(numbers[4] > 0 || frequencies == 0, "frequencies", frequencies, "0 without spectral features")
    if numbers[4] > 0 {
      let longest = min(max(middle, FourierParameters.longestPeriod), RealFourierPlan.longestLength)
      try require(period >= middle && period <= longest, "period", period, "\(middle)…\(longest)")
      try require(
        frequencies >= 1 && frequencies <= period / 2 + 1, "frequencies", frequencies, "1…\(period / 2 + 1)")
    }
    let code: UInt8 = try parser.number()
    guard let reconstruction = FourierReconstruction(rawValue: code) else {
      throw CodecError.badValue(place: place, field: "reconstruction", declared: "\(code)", allowed: "0 or 1")
    }
    let typeCode: UInt8 = try parser.number()
    guard let type = ElementType(rawValue: typeCode), type != .bfloat16 else {
      throw CodecError.badValue(place: place, field: "coefficient type", declared: "\(typeCode)", allowed: "1 or 3")
    }
    let reserved: UInt16 = try parser.number()
    try require(reserved == 0, "reserved", Int(reserved), "0")
    let streamBytes = try ["edge bytes", "exact bytes", "coefficient bytes"].map { try parser.byteCount64($0) }
    let scaleBytes = reconstruction == .published ? 8 * numbers[4] : 0
    try parser.expect((layer.features + 7) / 8 + scaleBytes + streamBytes.reduce(0, +))
    return Head(
      numbers: numbers, reconstruction: reconstruction, coefficientType: type, streamBytes: streamBytes, parser: parser)
  }

  /// Reads a section of a layer whose elements take `elementSize` bytes.
  ///
  /// - Throws: `CodecError` or `CodingError` where the bytes are not such a section.
  init(parsing bytes: [UInt8], layer: LayerGeometry, elementSize: Int, place: String) throws {
    let head = try Self.head(bytes, layer: layer, place: place)
    var parser = head.parser
    sinks = head.numbers[0]
    middle = head.numbers[1]
    window = head.numbers[2]
    frequencies = head.numbers[5]
    period = head.numbers[6]
    reconstruction = head.reconstruction
    coefficientType = head.coefficientType

    let map = Array(try parser.take((layer.features + 7) / 8))
    isSpectral = (0..<layer.features).map { map[$0 / 8] >> ($0 % 8) & 1 == 1 }
    let spectral = isSpectral.count { $0 }
    let padding = (layer.features..<8 * map.count).contains { map[$0 / 8] >> ($0 % 8) & 1 == 1 }
    guard spectral == head.numbers[4], !padding else {
      throw CodecError.badValue(
        place: place, field: "feature map", declared: "\(spectral) features\(padding ? " and padding" : "")",
        allowed: "\(head.numbers[4])")
    }
    let scaled = reconstruction == .published ? spectral : 0
    scales = try parser.floats(scaled)
    offsets = try parser.floats(scaled)
    let edge = Array(try parser.take(head.streamBytes[0]))
    let exact = Array(try parser.take(head.streamBytes[1]))
    let packed = Array(try parser.take(head.streamBytes[2]))

    edgeBytes = try PlanedLZ4.decode(
      edge, elementSize: elementSize, rawCount: (sinks + window) * layer.features * elementSize)
    exactBytes = try PlanedLZ4.decode(
      exact, elementSize: elementSize, rawCount: (layer.features - spectral) * middle * elementSize)
    let raw = try PlanedLZ4.decode(
      packed, elementSize: coefficientType.byteCount, rawCount: spectral * 2 * frequencies * coefficientType.byteCount)
    coefficients = coefficientType == .float16 ? StoredElements.widenHalf(raw) : StoredElements.floats(raw)
  }
}
