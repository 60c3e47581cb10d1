import Coding
import ComputeKernels
import KVCacheModel
import SpectralTransform

/// One segment of a layer's keys or values: coefficients of C components, and what turns components into features.
///
///     x[t, f] = mean[f] + Σ_c s[c, t]·B[c, f] / weight(head of f),   s[c] = the inverse cosine transform of c's blocks
public struct SpectralLayerSegment: Sendable {
  /// The layer's rows that the segment holds.
  public let rows: Range<Int>
  private let shape: LayerGeometry
  private let cosine: BlockCosineTransform
  private let blocks: Int
  /// C, the components that are not all 0.
  private let components: Int
  /// (C, N, blocks), block factors included.
  private let coefficients: [Float]
  /// (C, H·D): B / weight.
  private let basis: [Float]
  private let mean: [Float]
  private let rotation: KeyRotation?
  /// Features of the layer that are kept bit for bit, and their rows, feature by feature.
  private let exactFeatures: [Int]
  private let exactValues: [Float]

  init(_ segment: SpectralSegment, _ layer: SpectralLayerReader) {
    let (transform, samples) = (layer.opened.transform, layer.opened.samples)
    rows = segment.rows
    shape = layer.shape
    cosine = transform.cosine
    let n = cosine.blockLength
    let blocks = SpectralSegment.blocks(rows: segment.rows.count, blockLength: n)
    self.blocks = blocks
    let live = segment.liveComponents(blockLength: n)
    components = live.count
    let quantiser = Quantiser(step: segment.step, bias: -segment.offset)
    var coefficients = [Float](repeating: 0, count: live.count * n * blocks)
    coefficients.withUnsafeMutableBufferPointer { target in
      segment.symbols.withUnsafeBufferPointer { symbols in
        for (place, c) in live.enumerated() {
          quantiser.dequantise(
            UnsafeBufferPointer(rebasing: symbols[c * n * blocks..<(c + 1) * n * blocks]),
            into: UnsafeMutableBufferPointer(rebasing: target[place * n * blocks..<(place + 1) * n * blocks]))
        }
      }
      for (block, code) in segment.blockCodes.enumerated() where code > 0 {
        let factor = SpectralSegment.factor(code)
        for row in 0..<live.count * n { target[row * blocks + block] *= factor }
      }
    }
    self.coefficients = coefficients
    let (d, first) = (layer.shape.headDim, layer.place * layer.shape.kvHeads)
    let inverse = (0..<layer.shape.features).map { 1 / samples.weights[first + $0 / d] }
    basis = live.flatMap { c in
      layer.columns.map { transform.basis[c * transform.features + $0] * inverse[$0 - layer.columns.lowerBound] }
    }
    mean = Array(samples.mean[layer.columns])
    rotation = samples.rotation
    let own = layer.opened.frame.exactFeatures.enumerated().filter { layer.columns.contains($1) }
    exactFeatures = own.map { $1 - layer.columns.lowerBound }
    let size = segment.rows.count * layer.elementType.byteCount
    exactValues = own.flatMap { place, _ in
      CacheTensor.widen(segment.exactBytes[place * size..<(place + 1) * size], elementType: layer.elementType)
    }
  }

  /// The rows themselves, (rows, H·D), keys turned to their positions; not rounded to the cache's type.
  public func features() -> [Float] {
    let (n, width) = (cosine.blockLength, shape.features)
    var signals = [Float](repeating: 0, count: components * n * blocks)
    var result = [Float](repeating: 0, count: rows.count * width)
    coefficients.withUnsafeBufferPointer { coefficients in
      signals.withUnsafeMutableBufferPointer { signals in
        guard components > 0 else { return }
        for c in 0..<components {
          cosine.inverse(
            coefficients.baseAddress! + c * n * blocks, blocks: blocks, into: signals.baseAddress! + c * n * blocks)
        }
        MatrixProduct.multiply(
          MatrixView(signals.baseAddress!, rows: components, columns: rows.count, stride: n * blocks), transposeA: true,
          by: MatrixView(basis, rows: components, columns: width), into: &result)
      }
    }
    result.withUnsafeMutableBufferPointer { result in
      guard !result.isEmpty else { return }
      for t in 0..<rows.count {
        for i in 0..<width { result[t * width + i] += mean[i] }
      }
      for head in 0..<shape.kvHeads {
        rotation?.rotate(
          result.baseAddress! + head * shape.headDim, rows: rows.count, stride: width, start: rows.lowerBound)
      }
      for (place, i) in exactFeatures.enumerated() {
        for t in 0..<rows.count { result[t * width + i] = exactValues[place * rows.count + t] }
      }
    }
    return result
  }

  /// Σ_f q[f]·x[t, f] for rows of queries, each over the features of one head, from the coefficients: queries are
  /// projected on the basis, and the sum of the coefficients' blocks is transformed back, one transform a query.
  ///
  /// - Parameters:
  ///   - queries: (count, D).
  ///   - head: their KV head.
  /// - Returns: (count, rows).
  /// - Precondition: the keys are not un-rotated.
  public func scores(_ queries: [Float], count: Int, head: Int) -> [Float] {
    precondition(rotation == nil && queries.count == count * shape.headDim)
    let (n, d, own) = (cosine.blockLength, shape.headDim, head * shape.headDim)
    let padded = n * blocks
    let exact = exactFeatures.indices.filter { exactFeatures[$0] / d == head }
    var inner = queries
    for place in exact { for row in 0..<count { inner[row * d + exactFeatures[place] - own] = 0 } }
    var result = [Float](repeating: 0, count: count * rows.count)
    var signal = [Float](repeating: 0, count: padded)
    var sums = [Float](repeating: 0, count: count * padded)
    if components > 0, count > 0 {
      var projections = [Float](repeating: 0, count: count * components)
      basis.withUnsafeBufferPointer {
        MatrixProduct.multiply(
          MatrixView(inner, rows: count, columns: d),
          by: MatrixView($0.baseAddress! + own, rows: components, columns: d, stride: shape.features), transposeB: true,
          into: &projections)
      }
      MatrixProduct.multiply(
        MatrixView(projections, rows: count, columns: components),
        by: MatrixView(coefficients, rows: components, columns: padded), into: &sums)
    }
    for row in 0..<count {
      sums.withUnsafeBufferPointer { sums in
        guard padded > 0 else { return }
        cosine.inverse(sums.baseAddress! + row * padded, blocks: blocks, into: &signal)
      }
      var base: Float = 0
      for i in 0..<d { base += inner[row * d + i] * mean[own + i] }
      for t in 0..<rows.count {
        var score = signal[t] + base
        for place in exact {
          score += queries[row * d + exactFeatures[place] - own] * exactValues[place * rows.count + t]
        }
        result[row * rows.count + t] = score
      }
    }
    return result
  }

  /// Σₜ p[t]·x[t, f] over the features of one head, from the coefficients: the cosine transform keeps products, so the
  /// probabilities are transformed, and no row is rebuilt.
  ///
  /// - Parameters:
  ///   - probabilities: (count, rows).
  ///   - head: the KV head.
  /// - Returns: (count, D).
  /// - Precondition: nothing was un-rotated, as values never are.
  public func sums(_ probabilities: [Float], count: Int, head: Int) -> [Float] {
    precondition(rotation == nil && probabilities.count == count * rows.count)
    let (n, d, own) = (cosine.blockLength, shape.headDim, head * shape.headDim)
    let padded = n * blocks
    var result = [Float](repeating: 0, count: count * d)
    guard count > 0, padded > 0 else { return result }
    var transformed = [Float](repeating: 0, count: count * padded)
    var signal = [Float](repeating: 0, count: padded)
    for row in 0..<count {
      for t in 0..<rows.count { signal[t] = probabilities[row * rows.count + t] }
      transformed.withUnsafeMutableBufferPointer {
        cosine.forward(signal, blocks: blocks, into: $0.baseAddress! + row * padded)
      }
    }
    if components > 0 {
      var weights = [Float](repeating: 0, count: count * components)
      MatrixProduct.multiply(
        MatrixView(transformed, rows: count, columns: padded),
        by: MatrixView(coefficients, rows: components, columns: padded), transposeB: true, into: &weights)
      basis.withUnsafeBufferPointer {
        MatrixProduct.multiply(
          MatrixView(weights, rows: count, columns: components),
          by: MatrixView($0.baseAddress! + own, rows: components, columns: d, stride: shape.features), into: &result)
      }
    }
    for row in 0..<count {
      let part = probabilities[row * rows.count..<(row + 1) * rows.count]
      let total = part.reduce(0, +)
      for i in 0..<d { result[row * d + i] += total * mean[own + i] }
      for (place, feature) in exactFeatures.enumerated() where feature / d == head {
        result[row * d + feature - own] = zip(part, exactValues[place * rows.count..<(place + 1) * rows.count])
          .reduce(0) { $0 + $1.0 * $1.1 }
      }
    }
    return result
  }
}
