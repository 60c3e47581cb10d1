import ComputeKernels
import KVCacheModel

extension KVTC {
  /// By set of layers and kind: exact rows, then the zlib stream of plan, basis (if embedded) and groups, after its
  /// length and that of its contents (u64 each).
  public func encode(_ cache: any CacheSource) throws -> [UInt8] {
    var writer = BaselineWriter()
    for (index, part) in try matched(cache.description).enumerated() {
      for kind in CacheKind.allCases {
        for layer in part.set.layers {
          let tensor = try cache.tensor(kind, layer: layer)
          for range in exactBytes(cache.description, kind, layer) { writer.add(tensor.bytes[range]) }
        }
        let payload = try payload(cache, kind, part, plans[index][kind]!)
        let stream = try Deflate.encode(payload)
        writer.add(UInt64(payload.count))
        writer.add(UInt64(stream.count))
        writer.add(stream)
      }
    }
    return writer.bytes
  }

  /// The analysis' parts with the sets of this cache.
  func matched(_ description: CacheDescription) throws -> [KVTCAnalysis.Part] {
    let sets = LayerSet.sets(of: description.geometry)
    guard sets.count == analysis.parts.count, zip(sets, analysis.parts).allSatisfy({ $0.matches($1.set) }) else {
      throw BaselineError.unsuitable("the basis is over other layers than the cache has")
    }
    return zip(sets, analysis.parts).map { set, part in
      var part = part
      part.set = set
      return part
    }
  }

  /// Plan, basis if embedded, then by group: shifts, scales (binary16, by token) and codes, component by component.
  private func payload(
    _ cache: any CacheSource, _ kind: CacheKind, _ part: KVTCAnalysis.Part, _ plan: BitAllocation
  ) throws -> [UInt8] {
    var writer = BaselineWriter()
    writer.add(UInt32(plan.groups.count))
    for group in plan.groups {
      writer.add(UInt32(group.components.lowerBound))
      writer.add(UInt32(group.components.count))
      writer.add(UInt8(group.bits))
    }
    let basis = part.bases[kind]!
    if embedsBasis {
      writer.add(StoredElements.narrowHalf(basis.mean + basis.components.prefix(plan.extent * basis.width)))
    }
    let rows = Self.middle(of: part.set.tokens)
    let (count, extent) = (rows.count, plan.extent)
    let coefficients = try basis.project(
      FeatureRows.gather(cache, kind, part.set, rows: rows), on: 0..<extent)
    for group in plan.groups {
      let affines = (0..<count).map { row in
        AffineGroup(of: group.components.lazy.map { coefficients[row * extent + $0] }, bits: group.bits)
      }
      for affine in affines { writer.addHalf(affine.shift) }
      for affine in affines { writer.addHalf(affine.scale) }
      var codes: [UInt8] = []
      codes.reserveCapacity(group.components.count * count)
      for component in group.components {
        for row in 0..<count {
          codes.append(affines[row].quantise(coefficients[row * extent + component], bits: group.bits))
        }
      }
      writer.add(BitPacking.pack(codes, bits: group.bits))
    }
    return writer.bytes
  }

  /// The byte ranges of the sinks and of the window of a layer's tensor, two a head.
  func exactBytes(_ description: CacheDescription, _ kind: CacheKind, _ layer: Int) -> [Range<Int>] {
    let shape = description.geometry.layers[layer]
    let row = shape.headDim * description.elementType(of: kind).byteCount
    let middle = Self.middle(of: shape.tokens)
    return (0..<shape.kvHeads).flatMap { head in
      let base = head * shape.tokens
      return [
        base * row..<(base + middle.lowerBound) * row, (base + middle.upperBound) * row..<(base + shape.tokens) * row,
      ]
    }
  }
}
