/// Keys or values of one layer, decoded (§6.7): element d of head h and token t is number (h·T + t)·D + d.
package struct Tensor {
  package var heads: Int
  package var tokens: Int
  package var dims: Int
  package var element: Element
  /// Before the rounding to the element type; of exact elements the number that their bits mean.
  package var numbers: [Double]
  /// The bits as stored, of exact elements alone; nil elsewhere.
  package var bits: [UInt64?]
  /// Elements that are not exact, with what a decoder may differ by in the 2-norm over them (§9.4, §13.4).
  package var regions: [Region] = []
  /// Coefficient streams that were read on the way, with the integers that they stand for.
  package var streams: [Stream] = []

  package struct Stream {
    package var coded: [UInt8]
    package var rows: Int
    package var length: Int
    package var integers: [Int]
  }

  package struct Region {
    package var elements: [Int]
    /// nil where the text gives no numbers.
    package var bound: Double?
  }

  init(_ layer: Layer, _ element: Element) {
    (heads, tokens, dims, self.element) = (layer.kvHeads, layer.tokens, layer.headDim, element)
    numbers = [Double](repeating: 0, count: layer.elements)
    bits = [UInt64?](repeating: nil, count: layer.elements)
  }

  /// Feature f = h·D + d at token t (§6.7).
  func place(_ feature: Int, _ token: Int) -> Int { (feature / dims * tokens + token) * dims + feature % dims }

  mutating func setExact(_ place: Int, _ stored: [UInt8], _ number: Int) {
    bits[place] = stored.little(number * element.bytes, element.bytes)
    numbers[place] = element.number(bits[place]!)
  }
}

/// A cache in a file (§6 to §9, §13).
package struct ReferenceCache {
  package let container: Container
  package let header: Header
  package var tokens: [Int]?
  let tables: CoefficientTables
  let basis: ReferenceBasis?

  /// - Parameter basis: the file that `basis_hash` names, where there is one.
  package init(_ bytes: [UInt8], tables: CoefficientTables, basis: ReferenceBasis? = nil) throws {
    container = try Container(bytes)
    header = try Header(container.header)
    self.tables = tables
    self.basis = basis
    try readTokens()
    if let needed = header.basisHash, let basis {
      guard basis.hash == needed, basis.fits(header) else { throw Refusal(nil, "another basis file") }
    }
    for (number, layer) in header.layers.enumerated() where layer.elements > 0 {
      for isKey in [true, false] {
        switch header.profile {
        case 1: _ = try losslessSections(number, isKey: isKey)
        case 2: _ = try fourierSection(number, isKey: isKey)
        default: _ = try frameSection(group(of: number), isKey: isKey)
        }
      }
    }
  }

  /// All keys or values of a layer.
  package func tensor(_ layer: Int, isKey: Bool) throws -> Tensor {
    guard header.layers[layer].elements > 0 else { return Tensor(header.layers[layer], element(isKey)) }
    switch header.profile {
    case 1: return try lossless(layer, isKey: isKey)
    case 2: return try fourier(layer, isKey: isKey)
    default: return try spectral(layer, isKey: isKey)
    }
  }

  func element(_ isKey: Bool) -> Element { isKey ? header.keyType : header.valueType }

  /// §7.1
  private mutating func readTokens() throws {
    guard let section = container.section(2, layer: Section.noLayer) else { return }
    guard section.rawBytes % 4 == 0 else { throw Refusal(nil, "raw_bytes of the tokens") }
    let count = section.rawBytes / 4
    guard count >= header.layers.map(\.tokens).max()! else { throw Refusal(nil, "\(count) tokens") }
    let raw = try BytePlanes.decode(container.payload(section), e: 4, count: section.rawBytes)
    tokens = (0..<count).map { Int(Int32(truncatingIfNeeded: raw.u32(4 * $0))) }
  }

  /// §8: the sections of a layer in the order of their tokens.
  private func losslessSections(_ number: Int, isKey: Bool) throws -> [(section: Section, rows: Range<Int>)] {
    let layer = header.layers[number]
    var result: [(Section, Range<Int>)] = []
    var end = 0
    while end < layer.tokens {
      guard let section = container.section(isKey ? 16 : 17, layer: number, index: result.count) else {
        throw Refusal(nil, "layer \(number) lacks rows from \(end) on")
      }
      let isWhole = result.isEmpty && section.tokenCount == 0
      let rows = isWhole ? 0..<layer.tokens : section.firstToken..<section.firstToken + section.tokenCount
      guard rows.lowerBound == end, !rows.isEmpty, rows.upperBound <= layer.tokens else {
        throw Refusal(nil, "rows of layer \(number)")
      }
      // §7
      guard section.rawBytes == layer.features * rows.count * element(isKey).bytes else {
        throw Refusal(33, "rows of layer \(number)")
      }
      result.append((section, rows))
      end = rows.upperBound
    }
    return result
  }

  /// §8: shape [H, D, rows].
  private func lossless(_ number: Int, isKey: Bool) throws -> Tensor {
    var tensor = Tensor(header.layers[number], element(isKey))
    for (section, rows) in try losslessSections(number, isKey: isKey) {
      let stored = try BytePlanes.decode(
        container.payload(section), e: tensor.element.bytes, count: section.rawBytes)
      for feature in 0..<tensor.heads * tensor.dims {
        for t in rows {
          tensor.setExact(tensor.place(feature, t), stored, feature * rows.count + t - rows.lowerBound)
        }
      }
    }
    return tensor
  }

  /// §7
  private func fourierSection(_ number: Int, isKey: Bool) throws -> Section {
    guard let section = container.section(isKey ? 32 : 33, layer: number) else {
      throw Refusal(nil, "layer \(number) lacks a section")
    }
    guard section.rawBytes == header.layers[number].elements * element(isKey).bytes else {
      throw Refusal(33, "layer \(number)")
    }
    return section
  }

  /// §9
  private func fourier(_ number: Int, isKey: Bool) throws -> Tensor {
    let layer = header.layers[number]
    var tensor = Tensor(layer, element(isKey))
    // §9.2
    var parts = Parts(try container.payload(fourierSection(number, isKey: isKey)))
    let (sinks, middle, window) = (try parts.u32("sinks"), try parts.u32("middle"), try parts.u32("window"))
    guard sinks + middle + window == layer.tokens else { throw Refusal(nil, "sinks, middle and window") }
    guard try parts.u32("features") == layer.features else { throw Refusal(nil, "features") }
    let count = try parts.u32("spectral_features")
    guard count <= (middle > 0 ? layer.features : 0) else { throw Refusal(nil, "spectral_features") }
    let (frequencies, period) = (try parts.u32("frequencies"), try parts.u32("period"))
    if count > 0 {
      guard period >= middle, period <= min(max(middle, 4_194_304), 1 << 30) else { throw Refusal(nil, "period") }
      guard frequencies >= 1, frequencies <= period / 2 + 1 else { throw Refusal(nil, "frequencies") }
    } else {
      guard frequencies == 0 else { throw Refusal(nil, "frequencies") }
    }
    let published = try parts.u8("reconstruction")
    guard published <= 1 else { throw Refusal(nil, "reconstruction") }
    guard let type = Element(rawValue: try parts.u8("coefficient_type")), type != .bf16 else {
      throw Refusal(nil, "coefficient_type")
    }
    guard try parts.u16("reserved") == 0 else { throw Refusal(nil, "reserved") }
    let lengths = try ["edge_bytes", "exact_bytes", "coefficient_bytes"].map { try parts.length($0) }
    let map = try parts.take((layer.features + 7) / 8, "feature_map")
    let isSpectral = (0..<8 * map.count).map { map[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
    let spectral = isSpectral.indices.filter { isSpectral[$0] }
    guard spectral.count == count, spectral.allSatisfy({ $0 < layer.features }) else {
      throw Refusal(nil, "feature_map")
    }
    let scales = published == 1 ? try parts.f32s(count, "scales").map { Double($0) } : Array(repeating: 1, count: count)
    let offsets =
      published == 1 ? try parts.f32s(count, "offsets").map { Double($0) } : Array(repeating: 0, count: count)
    let streams = try lengths.map { try parts.take($0, "streams") }
    try parts.end()
    let e = tensor.element.bytes
    let exactFeatures = (0..<layer.features).filter { !isSpectral[$0] }
    let edge = try BytePlanes.decode(streams[0], e: e, count: layer.features * (sinks + window) * e)
    let exact = try BytePlanes.decode(streams[1], e: e, count: exactFeatures.count * middle * e)
    let coefficients = try BytePlanes.decode(
      streams[2], e: type.bytes, count: 2 * frequencies * count * type.bytes)

    let edgeRows = Array(0..<sinks) + Array(sinks + middle..<layer.tokens)
    for head in 0..<layer.kvHeads {
      for (row, t) in edgeRows.enumerated() {
        for d in 0..<layer.headDim {
          tensor.setExact(
            tensor.place(head * layer.headDim + d, t), edge, (head * edgeRows.count + row) * layer.headDim + d)
        }
      }
    }
    for (row, feature) in exactFeatures.enumerated() {
      for t in 0..<middle { tensor.setExact(tensor.place(feature, sinks + t), exact, row * middle + t) }
    }
    for (column, feature) in spectral.enumerated() {
      func coefficient(_ row: Int) -> Double {
        type.number(coefficients.little((row * count + column) * type.bytes, type.bytes))
      }
      let a = (0..<frequencies).map { coefficient(2 * $0) }
      let b = (0..<frequencies).map { coefficient(2 * $0 + 1) }
      // §9.3
      var sum = 0.0
      for t in 0..<middle {
        var x = 0.0
        for n in 0..<frequencies {
          let angle = 2 * Double.pi * Double(n * t % period) / Double(period)
          x += a[n] * cosine(angle)
          if n > 0, 2 * n != period { x += b[n] * sine(angle) }
        }
        tensor.numbers[tensor.place(feature, sinks + t)] = scales[column] * x + offsets[column]
        let size = abs(scales[column] * x) + abs(offsets[column])
        sum += size * size
      }
      // §9.4
      var power = 0.0
      for n in 0..<frequencies {
        power += n == 0 || 2 * n == period ? a[n] * a[n] : (a[n] * a[n] + b[n] * b[n]) / 2
      }
      var logarithm = 0
      while 1 << logarithm < 2 * period { logarithm += 1 }
      var bound = Double(logarithm) * 0x1p-19 * (Double(period) * power).squareRoot()
      if published == 1 { bound = abs(scales[column]) * bound + 0x1p-23 * sum.squareRoot() }
      let elements = (0..<middle).map { tensor.place(feature, sinks + $0) }
      // §9.3: without numbers where one is not finite, or the result is too large for binary32.
      let isDefined =
        (a + b + [scales[column], offsets[column]]).allSatisfy(\.isFinite)
        && elements.allSatisfy { abs(tensor.numbers[$0]) <= Double(Float.greatestFiniteMagnitude) }
      tensor.regions.append(Tensor.Region(elements: elements, bound: isDefined ? bound : nil))
    }
    return tensor
  }
}
