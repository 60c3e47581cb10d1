import ComputeKernels
import FKVFormat
import KVCacheModel
import SpectralTransform

extension SpectralDecoder {
  /// Keys or values of a group of profile `spectral`: the new rows are coded in the frame that the file has, with its
  /// weights, means and basis and all of the basis's components, also those that no old segment has coefficients of.
  ///
  /// The last rows, as many as the file's window, are kept better, as its window is; where that is bit for bit they go
  /// into the frame, which is then written anew with all that it held. So do rows that are too large for the file's steps.
  package func extended(
    _ kind: CacheKind, group: Int, by tensors: [CacheTensor], to longer: CacheDescription
  ) throws -> ExtendedSections {
    guard let coding = file.header.spectralCoding else { throw CacheExtensionError.codingUnknown }
    let layers = groups[group]
    let count = tensors[0].tokens
    try checkFinite(tensors, kind: kind, layers: layers)
    let opened = try open(kind, group: group)
    var part = description
    for layer in layers.layers {
      part.geometry.layers[layer].firstPosition = layers.shape.endPosition
      part.geometry.layers[layer].tokens = count
    }
    let partGroup = LayerGroup(
      firstLayer: layers.firstLayer, count: layers.count, shape: part.geometry.layers[layers.firstLayer])
    let rope = part.ropes[partGroup.shape.ropeIndex]
    let samples = GroupSamples(
      group: partGroup, weights: opened.frame.weights, mean: opened.frame.mean,
      rotation: opened.frame.isUnrotated && rope.pairing != .none
        ? KeyRotation(rope, firstPosition: partGroup.shape.firstPosition, count: count) : nil)

    let end = layers.shape.tokens
    let plan = segmentPlan(coding, tokens: count, total: end + count, blockLength: opened.frame.blockLength)
    let size = description.elementType(of: kind).byteCount
    let frame = try frameSection(kind, group: group)
    var exact = plan.exact
    var segments: [SpectralSegment] = []
    for segment in plan.segments {
      let coded = SpectralGroupCoder.coded(
        segment, of: plan, tensors: tensors, kind: kind, frame: opened.frame, samples: samples,
        transform: opened.transform, step: coding.steps[kind], most: layers.features)
      segments += coded.segments
      exact += coded.exact
    }
    exact = exact.mergingNeighbours()
    var result = ExtendedSections()
    if exact.isEmpty {
      result.copied = [frame]
    } else {
      let longer = opened.frame.adding(rows: exact, of: tensors, after: end).encoded(elementSize: size).bytes
      result.added = [
        .init(kind: .spectralFrame(kind), tokens: 0..<0, rawBytes: longer.count, payload: longer)
      ]
    }
    let old = reader.sections(.spectralSegment(kind), layer: layers.firstLayer)
    result.copied += old
    // The first numbers that are free: those after the highest may be none.
    let taken = Set(old.map(\.index))
    let numbers = (0...).lazy.filter { !taken.contains($0) }
    result.added += zip(numbers, segments).map { number, segment in
      .init(
        kind: .spectralSegment(kind), index: number,
        tokens: end + segment.rows.lowerBound..<end + segment.rows.upperBound,
        rawBytes: segment.rows.count * layers.features * size,
        payload: segment.encoded(blockLength: opened.frame.blockLength, elementSize: size).bytes)
    }
    return result
  }

  package func checkExtensible() throws {
    guard file.header.spectralCoding != nil else { throw CacheExtensionError.codingUnknown }
  }

  /// How new rows are cut: no sinks, a window as long as that of the whole prompt would be, but of new rows only.
  private func segmentPlan(_ coding: SpectralCoding, tokens: Int, total: Int, blockLength: Int) -> SegmentPlan {
    var parameters = SpectralParameters()
    parameters.sinks = 0
    parameters.blockLength = blockLength
    parameters.window = coding.window ?? SegmentPlan.automaticWindow(tokens: total, blockLength: blockLength)
    parameters.windowCoding = coding.windowCoding
    parameters.windowSteps = coding.windowSteps
    parameters.segmentTokens = coding.segmentTokens
    return SegmentPlan(parameters, tokens: tokens)
  }

  private func checkFinite(_ tensors: [CacheTensor], kind: CacheKind, layers: LayerGroup) throws {
    for (layer, tensor) in zip(layers.layers, tensors) where !tensor.floats().allSatisfy(\.isFinite) {
      throw CodecError.unsuitable(
        "layer \(layer) holds a NaN or infinity among its new \(kind.name)s; only profile lossless takes those")
    }
  }
}

extension SpectralFrame {
  /// The frame with more exact rows: those of tensors whose row 0 is the group's row `end`.
  func adding(rows: [Range<Int>], of tensors: [CacheTensor], after end: Int) -> SpectralFrame {
    var longer = self
    longer.exactRows += rows.map { end + $0.lowerBound..<end + $0.upperBound }
    let old = exactRows.reduce(0) { $0 + $1.count }
    longer.exactBytes = []
    for (layer, tensor) in tensors.enumerated() {
      let size = tensor.kvHeads * old * tensor.headDim * tensor.elementType.byteCount
      let held = CacheTensor(
        kvHeads: tensor.kvHeads, tokens: old, headDim: tensor.headDim, elementType: tensor.elementType,
        bytes: Array(exactBytes[layer * size..<(layer + 1) * size]))
      longer.exactBytes += rows.reduce(held) { $0.followed(by: tensor.rows($1)) }.bytes
    }
    return longer
  }
}
