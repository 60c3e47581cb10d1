import KVCacheModel

extension SpectralDecoder {
  /// The group's tensors without the rows of segments that are damaged or not there; without any row if the frame is.
  package func salvage(
    _ kind: CacheKind, group index: Int
  ) throws -> (tensors: [CacheTensor], losses: [SalvageLoss]) {
    let group = groups[index]
    let all = 0..<group.shape.tokens
    var losses: [SalvageLoss] = []
    func lose(_ rows: Range<Int>, _ error: any Error) {
      losses.append(SalvageLoss(kind: kind, layers: group.layers, rows: rows, error: error))
    }
    guard !all.isEmpty else { return (try tensors(kind, group: index), []) }
    let opened: OpenedGroup
    do { opened = try open(kind, group: index, salvaging: true) } catch {
      try CodecError.rethrowUnlessDamage(error)
      lose(all, error)
      return (zeros(kind, group: index), losses)
    }
    var tensors = zeros(kind, group: index)
    var work = opened.cost.work
    for entry in opened.segments {
      do { try restore(entry, of: opened, kind, work: &work, into: &tensors) } catch {
        try CodecError.rethrowUnlessDamage(error)
        lose(entry.tokens, error)
      }
    }
    for rows in opened.missing { lose(rows, CodecError.missingSection(layer: group.firstLayer, kind: kind)) }
    SpectralGroupCoder.restoreExactRows(opened.frame, into: &tensors)
    return (tensors, losses.sorted { $0.rows.lowerBound < $1.rows.lowerBound })
  }
}
