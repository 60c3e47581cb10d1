import CacheCodec
import ComputeKernels
import Fidelity
import KVCacheModel

/// One layer of a cache of profile `spectral`, attended to segment by segment: neither the layer nor its group is ever
/// decoded as a whole.
///
/// Values are never rebuilt: probabilities are transformed instead (`SpectralLayerSegment.sums`). Neither are keys that
/// carry no known rotation; un-rotated keys are rebuilt one segment at a time, since each row turns differently.
public struct SpectralLayer: Sendable {
  /// The layer's shape.
  public let geometry: LayerGeometry
  private let scale: Float
  private let softcap: Float?
  private let readers: (keys: SpectralLayerReader, values: SpectralLayerReader)?

  /// One layer of an opened file; frames are read and checked, segments when they are needed.
  ///
  /// - Throws: `FlashAttentionError.wrongProfile`; what is wrong with the group's frames.
  public init(_ cache: FKVCache, layer: Int) throws {
    guard cache.header.profile == .spectral else {
      throw FlashAttentionError.wrongProfile(found: cache.header.profile, needed: .spectral)
    }
    geometry = cache.description.geometry.layers[layer]
    scale = cache.description.attentionScale
    softcap = cache.description.attentionSoftcap
    readers =
      geometry.tokens == 0
      ? nil : (try cache.spectralLayer(.key, layer: layer), try cache.spectralLayer(.value, layer: layer))
  }

  /// Attention outputs of queries, (H·G, P, D); causal by position, as `ReferenceAttention`.
  ///
  /// - Throws: what is wrong with a segment.
  /// - Complexity: scratch O(H·G·P·T) and one segment a thread.
  public func outputs(_ queries: ProbeQueries) throws -> [Float] {
    let problem = AttentionProblem(layer: geometry, queries: queries, scale: scale, softcap: softcap)
    let (t, d, rows) = (geometry.tokens, geometry.headDim, geometry.queryHeads * queries.count)
    var result = [Float](repeating: 0, count: rows * d)
    guard let readers, rows > 0 else { return result }
    var scores = [Float](repeating: 0, count: rows * t)
    func put(_ part: [Float], _ own: Range<Int>) {
      for row in 0..<rows {
        for i in 0..<own.count { scores[row * t + own.lowerBound + i] = part[row * own.count + i] }
      }
    }
    let exact = ExactRows(readers.keys)
    for own in exact.ranges { put(exact.scores(problem, rows: own), own) }
    try ParallelLoop.ordered(readers.keys.segmentRows.count) {
      try Self.scores(problem, readers.keys.segment($0), rotated: readers.keys.isUnrotated)
    } consume: {
      put($1, readers.keys.segmentRows[$0])
    }
    scores.withUnsafeMutableBufferPointer { scores in
      for row in 0..<rows {
        Softmax.apply(
          UnsafeMutableBufferPointer(rebasing: scores[row * t..<(row + 1) * t]),
          over: problem.visibleRows(query: row % queries.count), softcap: softcap)
      }
    }
    let probabilities = scores
    @Sendable func part(_ own: Range<Int>) -> [Float] {
      (0..<rows).flatMap { probabilities[$0 * t + own.lowerBound..<$0 * t + own.upperBound] }
    }
    let exactValues = ExactRows(readers.values)
    for own in exactValues.ranges {
      for (i, x) in exactValues.sums(problem, part(own), rows: own).enumerated() { result[i] += x }
    }
    try ParallelLoop.ordered(readers.values.segmentRows.count) { index in
      let segment = try readers.values.segment(index)
      let (own, perHead) = (part(segment.rows), geometry.groupSize * queries.count)
      return (0..<geometry.kvHeads).flatMap { head in
        segment.sums(
          Array(own[head * perHead * segment.rows.count..<(head + 1) * perHead * segment.rows.count]), count: perHead,
          head: head)
      }
    } consume: {
      for (i, x) in $1.enumerated() { result[i] += x }
    }
    return result
  }

  /// scale · q·k of all queries over a segment's rows, (H·G·P, rows).
  private static func scores(
    _ problem: AttentionProblem, _ segment: SpectralLayerSegment, rotated: Bool
  ) -> [Float] {
    let (layer, d) = (problem.layer, problem.layer.headDim)
    let perHead = layer.groupSize * problem.queries.count
    let scaled = problem.queries.elements.map { $0 * problem.scale }
    guard rotated else {
      return (0..<layer.kvHeads).flatMap { head in
        segment.scores(Array(scaled[head * perHead * d..<(head + 1) * perHead * d]), count: perHead, head: head)
      }
    }
    let keys = segment.features()
    return products(scaled, keys, layer: layer, perHead: perHead, rows: segment.rows.count)
  }

  /// Queries (H·G·P, D) times rows (rows, H·D), (H·G·P, rows).
  fileprivate static func products(
    _ queries: [Float], _ keys: [Float], layer: LayerGeometry, perHead: Int, rows: Int
  ) -> [Float] {
    let d = layer.headDim
    var result = [Float](repeating: 0, count: layer.kvHeads * perHead * rows)
    guard !result.isEmpty else { return result }
    result.withUnsafeMutableBufferPointer { result in
      queries.withUnsafeBufferPointer { queries in
        keys.withUnsafeBufferPointer { keys in
          for head in 0..<layer.kvHeads {
            MatrixProduct.multiply(
              MatrixView(queries.baseAddress! + head * perHead * d, rows: perHead, columns: d),
              by: MatrixView(keys.baseAddress! + head * d, rows: rows, columns: d, stride: layer.features),
              transposeB: true, into: result.baseAddress! + head * perHead * rows)
          }
        }
      }
    }
    return result
  }
}

/// Rows that a frame keeps bit for bit, as (rows, H·D) in single precision.
private struct ExactRows {
  let ranges: [Range<Int>]
  private let numbers: [Float]
  private let count: Int

  init(_ reader: SpectralLayerReader) {
    ranges = reader.exactRows
    let tensor = reader.exactTensor()
    numbers = tensor.floats()
    count = tensor.tokens
  }

  /// The rows of one of `ranges`, (rows, H·D).
  private func features(_ own: Range<Int>, _ layer: LayerGeometry) -> [Float] {
    let before = ranges.prefix { $0 != own }.reduce(0) { $0 + $1.count }
    let d = layer.headDim
    var result: [Float] = []
    result.reserveCapacity(own.count * layer.features)
    for row in before..<before + own.count {
      for head in 0..<layer.kvHeads {
        let start = (head * count + row) * d
        result += numbers[start..<start + d]
      }
    }
    return result
  }

  func scores(_ problem: AttentionProblem, rows own: Range<Int>) -> [Float] {
    SpectralLayer.products(
      problem.queries.elements.map { $0 * problem.scale }, features(own, problem.layer), layer: problem.layer,
      perHead: problem.layer.groupSize * problem.queries.count, rows: own.count)
  }

  /// Σₜ pₜ·xₜ of probabilities (H·G·P, rows), (H·G·P, D).
  func sums(_ problem: AttentionProblem, _ probabilities: [Float], rows own: Range<Int>) -> [Float] {
    let (layer, d) = (problem.layer, problem.layer.headDim)
    let perHead = layer.groupSize * problem.queries.count
    let values = features(own, layer)
    var result = [Float](repeating: 0, count: layer.kvHeads * perHead * d)
    guard !own.isEmpty, !result.isEmpty else { return result }
    result.withUnsafeMutableBufferPointer { result in
      values.withUnsafeBufferPointer { values in
        probabilities.withUnsafeBufferPointer { probabilities in
          for head in 0..<layer.kvHeads {
            MatrixProduct.multiply(
              MatrixView(probabilities.baseAddress! + head * perHead * own.count, rows: perHead, columns: own.count),
              by: MatrixView(values.baseAddress! + head * d, rows: own.count, columns: d, stride: layer.features),
              into: result.baseAddress! + head * perHead * d)
          }
        }
      }
    }
    return result
  }
}
