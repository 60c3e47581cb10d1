import Foundation

func cosine(_ x: Double) -> Double { cos(x) }
func sine(_ x: Double) -> Double { sin(x) }

/// Profile `spectral` (§13).
extension ReferenceCache {
  /// A group of layers (§13.1).
  struct Group {
    var number: Int
    var first: Int
    var count: Int
    var layer: Layer
    var features: Int { count * layer.features }
  }

  func group(of layer: Int) -> Group {
    var first = 0
    for (number, size) in header.groupSizes.enumerated() {
      if layer < first + size { return Group(number: number, first: first, count: size, layer: header.layers[first]) }
      first += size
    }
    preconditionFailure("groups hold all layers")
  }

  /// §13.1: a file without the frame is refused when it is opened.
  func frameSection(_ group: Group, isKey: Bool) throws -> Section {
    guard let section = container.section(isKey ? 48 : 49, layer: group.first) else {
      throw Refusal(nil, "layer \(group.first) lacks a frame")
    }
    return section
  }

  /// §13.2
  private struct Frame {
    var source = 0
    var isUnrotated = false
    var blockLength = 0
    var weights: [Double] = []
    var means: [Double] = []
    var exactRows: [Int] = []
    var exactFeatures: [Int] = []
    /// Column j is `basis[j]`.
    var basis: [[Double]] = []
    var stored: [UInt8] = []
  }

  private func frame(_ group: Group, isKey: Bool) throws -> Frame {
    let section = try frameSection(group, isKey: isKey)
    var parts = Parts(try container.payload(section))
    guard section.rawBytes == section.storedBytes else { throw Refusal(33, "frame") }
    let (n, e) = (group.features, element(isKey).bytes)
    var frame = Frame()
    frame.source = try parts.u8("basis_source")
    guard frame.source <= 2 else { throw Refusal(nil, "basis_source \(frame.source)") }
    let unrotated = try parts.u8("unrotated")
    guard unrotated <= (isKey && header.ropes[group.layer.ropeIndex].pairing > 0 ? 1 : 0) else {
      throw Refusal(nil, "unrotated \(unrotated)")
    }
    frame.isUnrotated = unrotated == 1
    frame.blockLength = try parts.u16("block_length")
    guard (1...1024).contains(frame.blockLength) else { throw Refusal(nil, "block_length \(frame.blockLength)") }
    guard try parts.u32("layers") == group.count else { throw Refusal(nil, "layers") }
    guard try parts.u32("features") == n else { throw Refusal(nil, "features") }
    let reflectors = try parts.u32("reflectors")
    guard reflectors <= (frame.source == 1 ? n : 0) else { throw Refusal(nil, "reflectors \(reflectors)") }
    let ranges = try parts.u32("exact_ranges")
    guard ranges <= group.layer.tokens else { throw Refusal(nil, "exact_ranges \(ranges)") }
    let features = try parts.u32("exact_features")
    guard features <= n else { throw Refusal(nil, "exact_features \(features)") }
    let basisBytes = try parts.length("basis_bytes")
    guard frame.source == 1 || basisBytes == 0 else { throw Refusal(nil, "basis_bytes \(basisBytes)") }
    let exactBytes = try parts.length("exact_bytes")
    frame.weights = try readWeights(&parts, group.count * group.layer.kvHeads)
    let means = try parts.take(2 * n, "means")
    frame.means = (0..<n).map { Element.f16.number(means.little(2 * $0, 2)) }
    guard frame.means.allSatisfy(\.isFinite) else { throw Refusal(nil, "means") }
    for _ in 0..<ranges {
      let (first, count) = (try parts.u32("ranges"), try parts.u32("ranges"))
      guard first > frame.exactRows.last ?? -1, count >= 1, first + count <= group.layer.tokens else {
        throw Refusal(nil, "range of \(count) from \(first)")
      }
      frame.exactRows += first..<first + count
    }
    for _ in 0..<features {
      let feature = try parts.u32("exact")
      guard feature > frame.exactFeatures.last ?? -1, feature < n else { throw Refusal(nil, "exact \(feature)") }
      frame.exactFeatures.append(feature)
    }
    let stream = try parts.take(basisBytes, "basis")
    let exact = try parts.take(exactBytes, "exact_rows")
    try parts.end()
    if frame.source == 1 {
      frame.basis = columns(n, try reflectorIntegers(stream, n: n, count: reflectors, tables: tables))
    } else if frame.source == 2 {
      // §13.2.1
      guard header.basisHash != nil, let basis else { throw Refusal(nil, "a basis file is needed") }
      frame.basis = columns(n, basis.parts(isKey)[group.number].integers)
    } else {
      frame.basis = columns(n, [])
    }
    frame.stored = try BytePlanes.decode(exact, e: e, count: frame.exactRows.count * n * e)
    return frame
  }

  /// A layer of a group, decoded in binary64 (§13.4).
  func spectral(_ number: Int, isKey: Bool) throws -> Tensor {
    let group = group(of: number)
    let (layer, n) = (group.layer, group.features)
    let own = number - group.first
    let frame = try frame(group, isKey: isKey)
    var tensor = Tensor(layer, element(isKey))
    let e = tensor.element.bytes
    let segments = container.sections.filter { $0.kind == (isKey ? 50 : 51) && $0.layer == group.first }
    // §13.1: sizes and cover before anything else.
    for segment in segments where segment.rawBytes != segment.tokenCount * n * e { throw Refusal(33, "segment") }
    guard segments.allSatisfy({ $0.tokenCount > 0 }) else { throw Refusal(nil, "a segment without rows") }
    let rows = frame.exactRows + segments.flatMap { Array($0.firstToken..<$0.firstToken + min($0.tokenCount, 1 << 20)) }
    guard rows.sorted() == Array(0..<layer.tokens) else { throw Refusal(nil, "rows of layer \(number)") }
    for segment in segments { try decode(segment, frame, group, own, isKey: isKey, into: &tensor) }

    // §13.2: exact rows, shape [L′, H, R, D].
    for head in 0..<layer.kvHeads {
      for (row, t) in frame.exactRows.enumerated() {
        for d in 0..<layer.headDim {
          tensor.setExact(
            tensor.place(head * layer.headDim + d, t), frame.stored,
            ((own * layer.kvHeads + head) * frame.exactRows.count + row) * layer.headDim + d)
        }
      }
    }
    return tensor
  }

  /// §13.3 and §13.4
  private func decode(
    _ section: Section, _ frame: Frame, _ group: Group, _ own: Int, isKey: Bool, into tensor: inout Tensor
  ) throws {
    let (layer, n, block) = (group.layer, group.features, frame.blockLength)
    let (rows, blocks) = (section.tokenCount, (section.tokenCount + block - 1) / block)
    var parts = Parts(try container.payload(section))
    let components = try parts.u32("components")
    guard components <= n else { throw Refusal(nil, "components \(components)") }
    let (step, offset) = (try parts.f32s(1, "step")[0], try parts.f32s(1, "offset")[0])
    guard step.isFinite, step > 0 else { throw Refusal(nil, "step \(step)") }
    guard offset >= -0.5, offset <= 0.5 else { throw Refusal(nil, "offset \(offset)") }
    let hasCodes = try parts.u32("has_block_codes")
    guard hasCodes <= 1 else { throw Refusal(nil, "has_block_codes \(hasCodes)") }
    let (coefficientBytes, exactBytes) = (try parts.length("coefficient_bytes"), try parts.length("exact_bytes"))
    let codes = hasCodes == 1 ? try parts.take(blocks, "block_codes").map { Int($0) } : []
    let stream = try parts.take(coefficientBytes, "coefficients")
    let exact = try parts.take(exactBytes, "exact")
    try parts.end()
    let integers = try tables.decode(stream, rows: components * block, length: blocks)
    tensor.streams.append(
      Tensor.Stream(coded: stream, rows: components * block, length: blocks, integers: integers))
    let stored = try BytePlanes.decode(
      exact, e: tensor.element.bytes, count: frame.exactFeatures.count * rows * tensor.element.bytes)

    // Steps 1 and 2: signals of components.
    let factors = (0..<blocks).map { b -> Double in
      codes.isEmpty ? 1 : exp2(Double(codes[b] / 8)) * Double(Self.eighths[codes[b] % 8])
    }
    // cosines[m][k] = σₖ cos(π (m + ½) k / N)
    let cosines = (0..<block).map { m in
      (0..<block).map { k -> Double in
        let angle: Double = .pi * (Double(m) + 0.5) * Double(k) / Double(block)
        let sigma = ((k == 0 ? 1.0 : 2.0) / Double(block)).squareRoot()
        return sigma * cos(angle)
      }
    }
    var energy = 0.0
    var signals = [[Double]](repeating: [Double](repeating: 0, count: rows), count: components)
    for c in 0..<components {
      for b in 0..<blocks {
        let a = (0..<block).map { k -> Double in
          let q = integers[(c * block + k) * blocks + b]
          if q == 0 { return 0 }
          return Double((q > 0 ? Float(q) + offset : Float(q) - offset) * step)
        }
        for k in 0..<block { energy += a[k] * a[k] * factors[b] * factors[b] }
        for m in 0..<min(block, rows - b * block) {
          var y = 0.0
          for k in 0..<block { y += a[k] * cosines[m][k] }
          signals[c][b * block + m] = factors[b] * y
        }
      }
    }
    let rope = header.ropes[layer.ropeIndex]
    for head in 0..<layer.kvHeads {
      let weight = frame.weights[own * layer.kvHeads + head]
      let first = (own * layer.kvHeads + head) * layer.headDim
      var elements: [Int] = []
      var isDefined = true
      for t in 0..<rows {
        // Steps 3 and 4.
        var x = (first..<first + layer.headDim).map { i -> Double in
          var feature = 0.0
          for c in 0..<components { feature += signals[c][t] * frame.basis[c][i] }
          return feature / weight + frame.means[i]
        }
        // Step 5 (§6.4).
        if frame.isUnrotated {
          let position = Double(layer.firstPosition + section.firstToken + t)
          for j in 0..<rope.frequencies.count {
            let (i, k) = rope.pairing == 1 ? (2 * j, 2 * j + 1) : (j, j + rope.dimensions / 2)
            let (c, s) = (cos(position * rope.frequencies[j]), sin(position * rope.frequencies[j]))
            (x[i], x[k]) = (rope.magnitude * (x[i] * c - x[k] * s), rope.magnitude * (x[i] * s + x[k] * c))
          }
        }
        let place = (head * layer.tokens + section.firstToken + t) * layer.headDim
        for d in 0..<layer.headDim { tensor.numbers[place + d] = x[d] }
        isDefined = isDefined && x.allSatisfy { abs($0) <= Double(Float.greatestFiniteMagnitude) }
        elements += place..<place + layer.headDim
      }
      let means = frame.means[first..<first + layer.headDim].reduce(0) { $0 + $1 * $1 }
      let factor = (frame.isUnrotated ? rope.magnitude : 1) * 0x1p-20
      let transforms = (Double(block).squareRoot() + Double(n).squareRoot()) * energy.squareRoot() / weight
      let bound = factor * (transforms + (Double(rows) * means).squareRoot())
      // Exact features of this head take their place.
      for (row, feature) in frame.exactFeatures.enumerated()
      where feature >= first && feature < first + layer.headDim {
        for t in 0..<rows {
          tensor.setExact(
            (head * layer.tokens + section.firstToken + t) * layer.headDim + feature - first, stored, row * rows + t)
        }
      }
      tensor.regions.append(
        Tensor.Region(elements: elements.filter { tensor.bits[$0] == nil }, bound: isDefined ? bound : nil))
    }
  }

  /// §13.4, step 2
  private static let eighths: [Float] = [
    1, 1.09050775, 1.1892071, 1.29683959, 1.41421354, 1.54221082, 1.68179286, 1.83400810,
  ]
}

/// §13.2: 10⁻³⁰ … 10³⁰, each bound rounded to binary32.
func readWeights(_ parts: inout Parts, _ count: Int) throws -> [Double] {
  let weights = try parts.f32s(count, "weights")
  guard weights.allSatisfy({ $0 >= 1e-30 && $0 <= 1e30 }) else { throw Refusal(nil, "weights") }
  return weights.map { Double($0) }
}

/// §13.2.1: the integers of each reflector.
func reflectorIntegers(_ stream: [UInt8], n: Int, count: Int, tables: CoefficientTables) throws -> [[Int]] {
  let rows = (0..<count).map { (n - $0 + 31) / 32 }
  var left = try tables.decode(stream, rows: rows.reduce(0, +), length: 32)[...]
  return try (0..<count).map { j in
    let all = left.prefix(32 * rows[j])
    left = left.dropFirst(32 * rows[j])
    let integers = Array(all.prefix(n - j))
    guard all.dropFirst(n - j).allSatisfy({ $0 == 0 }) else { throw Refusal(nil, "zeros of reflector \(j)") }
    guard integers.contains(where: { $0 != 0 }) else { throw Refusal(nil, "reflector \(j) is 0") }
    return integers
  }
}

/// §13.2.1: the columns of Q = H₀ H₁ … H_{S−1}.
func columns(_ n: Int, _ reflectors: [[Int]]) -> [[Double]] {
  var columns = (0..<n).map { j in (0..<n).map { $0 == j ? 1.0 : 0 } }
  for (j, integers) in reflectors.enumerated().reversed() {
    let length = integers.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    var v = [Double](repeating: 0, count: j) + integers.map { Double($0) / length }
    v[j] += v[j] < 0 ? -1 : 1
    let square = v.reduce(0) { $0 + $1 * $1 }
    for c in 0..<n {
      let dot = 2 / square * (0..<n).reduce(0) { $0 + v[$1] * columns[c][$1] }
      for i in 0..<n { columns[c][i] -= dot * v[i] }
    }
  }
  return columns
}
