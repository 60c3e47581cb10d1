import Coding
import ComputeKernels
import Fidelity
import KVCacheModel
import SpectralTransform

/// The principal components that a group's keys or values are coded in, before they are quantised.
struct ComponentBasis: Sendable {
  /// (n, n): row j is component j.
  var vectors: [Float]
  /// Standard deviation of each component: descending for the cache's own, estimated for a basis file's; empty where
  /// features are coded as they are.
  var deviations: [Float]
  /// The basis as a basis file holds it; nil where it is the cache's own.
  var quantised: QuantisedBasis?
}

/// Encodes keys or values of one group of layers.
struct SpectralGroupCoder: Sendable {
  let kind: CacheKind
  let samples: GroupSamples
  let components: ComponentBasis
  let plan: SegmentPlan
  let parameters: SpectralParameters
  let elementType: ElementType
  /// For value segments weighted by attention: the codes of the blocks of each segment; empty otherwise.
  var blockCodes: [[UInt8]] = []

  /// A basis vector is quantised with this fraction of the step, times the vector's share of the deviation.
  static let basisFineness: Float = 0.25
  /// Components of a deviation below this fraction of the step are not coded.
  static let smallestDeviation: Float = 0.3

  /// A group's keys or values, encoded.
  struct Encoded: Sendable {
    var frame: [UInt8]
    var segments: [(rows: Range<Int>, payload: [UInt8])]
    /// The cache as a decoder will see it.
    var restored: [CacheTensor]

    var byteCount: Int { frame.count + segments.reduce(0) { $0 + $1.payload.count } }
  }

  /// Encodes the tensors of the group's layers with one step.
  func encode(_ tensors: [CacheTensor], step: Float) -> Encoded {
    let group = samples.group
    let n = group.features
    var own: QuantisedBasis?
    var vectors = components.vectors
    var most = n
    if parameters.basis == .embedded {
      let count = components.deviations.count { $0 > Self.smallestDeviation * step }
      let steps = components.deviations[0..<count].map {
        min(Self.basisFineness * step / $0, 1) / Float(n).squareRoot()
      }
      let quantised = QuantisedBasis(vectors: vectors, dimension: n, steps: Array(steps))
      vectors = quantised.vectors()
      own = quantised
      most = count
    } else if !components.deviations.isEmpty {
      most = (components.deviations.lastIndex { $0 > Self.smallestDeviation * step } ?? -1) + 1
    }
    var frame = SpectralFrame(
      group: group, blockLength: parameters.blockLength, basisSource: parameters.basis,
      isUnrotated: samples.rotation != nil, weights: samples.weights, mean: samples.mean, basis: own,
      exactRows: plan.exact, exactBytes: [], exactFeatures: exactFeatures(tensors))
    let transform = SegmentTransform(basis: vectors, features: n, blockLength: parameters.blockLength)
    let size = elementType.byteCount
    var encoded = Encoded(
      frame: [], segments: [],
      restored: tensors.map { tensor in
        CacheTensor(
          kvHeads: tensor.kvHeads, tokens: tensor.tokens, headDim: tensor.headDim, elementType: tensor.elementType,
          bytes: [UInt8](repeating: 0, count: tensor.bytes.count))
      })
    for (index, segment) in plan.segments.enumerated() {
      let coded = Self.coded(
        segment, of: plan, tensors: tensors, kind: kind, frame: frame, samples: samples, transform: transform,
        step: step,
        blockCodes: blockCodes.isEmpty || segment.zone != .body ? [] : blockCodes[index],
        most: segment.zone == .body ? most : n)
      frame.exactRows += coded.exact
      for part in coded.segments {
        encoded.segments.append((part.rows, part.encoded(blockLength: parameters.blockLength, elementSize: size).bytes))
        Self.restore(part, frame: frame, samples: samples, transform: transform, into: &encoded.restored)
      }
    }
    frame.exactRows = frame.exactRows.mergingNeighbours()
    frame.exactBytes = Self.gather(tensors, rows: frame.exactRows)
    // Nothing is left that the basis could decode.
    if encoded.segments.isEmpty, own != nil { frame.basis = QuantisedBasis(dimension: n, integers: []) }
    encoded.frame = frame.encoded(elementSize: size).bytes
    Self.restoreExactRows(frame, into: &encoded.restored)
    return encoded
  }

  /// The rows of a segment of the plan after quantising.
  struct CodedRows {
    /// What is coded, in order: the segment, or the parts of it that fit.
    var segments: [SpectralSegment]
    /// Rows that must be kept bit for bit: the step is too fine for 16 bits to hold their coefficients, or so coarse that
    /// a number which stands alone would be lost (`LoneNumbers`).
    var exact: [Range<Int>]
  }

  /// Energy outside the coded components, in squares of the step, beyond which a segment is coded with all of them: 256
  /// for a number that stands alone, and 16 times what `uncoded` components may be expected to leave.
  static func mostResidual(uncoded: Int) -> Double {
    256 + 16 * Double(smallestDeviation * smallestDeviation) * Double(uncoded)
  }

  /// Quantises one segment of the tensors of a group's layers; `step` is the one outside the window.
  static func coded(
    _ segment: SegmentPlan.Segment, of plan: SegmentPlan, tensors: [CacheTensor], kind: CacheKind, frame: SpectralFrame,
    samples: GroupSamples, transform: SegmentTransform, step: Float, blockCodes: [UInt8] = [], most: Int
  ) -> CodedRows {
    let (n, size) = (transform.features, segment.rows.count * transform.features)
    let rows = [Float](unsafeUninitializedCapacity: size) { buffer, count in
      count = size
      samples.read(tensors, rows: segment.rows, into: buffer.baseAddress!)
    }
    func quantised(_ most: Int) -> SegmentTransform.Quantised {
      rows.withUnsafeBufferPointer {
        transform.forward(
          $0.baseAddress!, rows: segment.rows, step: max(step * plan.stepFactor(segment, kind), .leastNormalMagnitude),
          blockCodes: blockCodes, most: most)
      }
    }
    var coded = quantised(most)
    if coded.largestResidual > mostResidual(uncoded: n - most) { coded = quantised(n) }
    let alone = LoneNumbers.blocks(
      in: rows, headDim: tensors[0].headDim, features: n, blockLength: frame.blockLength, step: coded.segment.step)
    if !alone.isEmpty {
      if coded.isUnfit.isEmpty {
        let blocks = SpectralSegment.blocks(rows: segment.rows.count, blockLength: frame.blockLength)
        coded.isUnfit = Array(repeating: false, count: blocks)
      }
      for block in alone { coded.isUnfit[block] = true }
    }
    var (parts, exact) = coded.segment.parts(without: coded.isUnfit, blockLength: frame.blockLength)
    for index in parts.indices {
      if segment.zone == .body {
        parts[index].dropSparseRows(blockLength: frame.blockLength, below: plan.windowSteps.smallestDensity)
      }
      parts[index].exactBytes = gather(tensors, features: frame.exactFeatures, rows: parts[index].rows)
    }
    return CodedRows(segments: parts, exact: exact)
  }

  /// The features to keep bit for bit: those whose weighted deviation is largest, the same number in each layer.
  private func exactFeatures(_ tensors: [CacheTensor]) -> [Int] {
    let perLayer = samples.group.shape.features
    let count = Int((parameters.exactFraction * Double(perLayer)).rounded(.down))
    guard count > 0 else { return [] }
    return tensors.enumerated().flatMap { layer, tensor -> [Int] in
      let columns = FeatureColumns(tokens: tensor.tokens, headDim: tensor.headDim)
      let values = tensor.floats()
      let spread = (0..<perLayer).map { feature -> Float in
        var column = [Float](repeating: 0, count: tensor.tokens)
        values.withUnsafeBufferPointer { columns.gather($0, feature: feature, over: 0..<tensor.tokens, into: &column) }
        let mean = column.reduce(0, +) / Float(max(column.count, 1))
        let energy = column.reduce(Float(0)) { $0 + ($1 - mean) * ($1 - mean) }
        return energy.squareRoot() * samples.weights[layer * tensor.kvHeads + feature / tensor.headDim]
      }
      let ranking = spread.indices.sorted { (spread[$0], $1) > (spread[$1], $0) }
      return ranking.prefix(count).sorted().map { layer * perLayer + $0 }
    }
  }
}
