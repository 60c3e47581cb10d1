import FKVFormat
import KVCacheModel

extension SpectralDecoder {
  /// What the keys or values that `sections` hold may take.
  func allowance(of sections: [SectionEntry]) -> DecodingCost {
    limits.allowance(
      storedBytes: sections.reduce(model?.fileBytes ?? 0) { $0.addingSaturated($1.fileBytes) }, groups: groups.count)
  }

  /// What opening a group takes, and its tensors: the frame's bytes, its exact rows (of which coded bytes hold 255-fold at
  /// most), basis and cosines, the tables of a rotation.
  func frameCost(
    _ payload: [UInt8], _ kind: CacheKind, group index: Int, place: String
  ) throws -> DecodingCost {
    let group = groups[index]
    let head = try SpectralFrame.head(payload, group: group, kind: kind, place: place)
    var reflectors = head.reflectors
    if head.basisSource == .model, let model { reflectors = model.part(kind, group: index).components }
    var cost =
      DecodingCost.basis(features: group.features, reflectors: reflectors) + .cosines(blockLength: head.blockLength)
    if head.basisSource == .embedded {
      cost =
        cost
        + .symbols(SpectralFrame.basisRowLength * SpectralFrame.basisRows(dimension: group.features, count: reflectors))
        + .memory(2 * group.features * reflectors)
    }
    if head.isUnrotated {
      cost =
        cost
        + .rotation(tokens: group.shape.tokens, pairs: description.ropes[group.shape.ropeIndex].dimensions / 2)
    }
    let size = description.elementType(of: kind).byteCount
    let tensors = DecodingCost.product(size, group.shape.tokens, group.features)
    let exact = min(DecodingCost.product(255, head.exactBytes), tensors)
    return cost + .memory(payload.count, head.exactBytes, exact, tensors)
  }

  /// Reads a segment, after what it takes was checked against the limits. `work` is what the group took before, and then
  /// with the segment.
  ///
  /// - Throws: `FormatError` if it is damaged, `CodecError`, `CodingError`.
  func segment(
    _ entry: SectionEntry, of opened: OpenedGroup, _ kind: CacheKind, work: inout Int
  ) throws -> SpectralSegment {
    let (frame, place) = (opened.frame, "\(opened.place) tokens \(entry.tokens)")
    let size = description.elementType(of: kind).byteCount
    let payload = try reader.payload(of: entry)
    let head = try SpectralSegment.head(payload, group: frame.group, place: place)
    let padded = frame.blockLength * SpectralSegment.blocks(rows: entry.tokens.count, blockLength: frame.blockLength)
    let before = DecodingCost(memory: opened.cost.memory, work: work)
    let reading =
      before + .symbols(DecodingCost.product(head.components, padded))
      + .memory(payload.count, DecodingCost.product(size, frame.exactFeatures.count, entry.tokens.count))
    try reading.check(place, within: opened.allowance)
    let segment = try SpectralSegment(
      parsing: payload, rows: entry.tokens, frame: frame, elementSize: size, place: place)
    let live = segment.liveComponents(blockLength: frame.blockLength).count
    let all = reading + segment.transformCost(live: live, padded: padded, frame: frame)
    try all.check(place, within: opened.allowance)
    work = all.work
    return segment
  }
}

extension SpectralSegment {
  /// What turning coefficients into rows takes: signals and basis vectors of the `live` components, the rows.
  fileprivate func transformCost(live: Int, padded: Int, frame: SpectralFrame) -> DecodingCost {
    let n = frame.group.features
    return DecodingCost(
      memory: DecodingCost.product(4, live, padded + n).addingSaturated(DecodingCost.product(4, rows.count, n)),
      work: DecodingCost.product(rows.count, n, live + 8).addingSaturated(
        DecodingCost.product(live, padded, frame.blockLength)))
  }
}
