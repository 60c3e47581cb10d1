import ComputeKernels
import KVCacheModel

extension KVTC {
  /// By set of layers and kind: exact rows, then the zlib stream of plan, basis (if embedded) and groups, behind its
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

  public func decode(_ bytes: [UInt8], description: CacheDescription) throws -> RestoredCache {
    var reader = BaselineReader(bytes, place: method)
    let count = description.geometry.layers.count
    var tensors: [CacheKind: [CacheTensor?]] = [
      .key: Array(repeating: nil, count: count), .value: Array(repeating: nil, count: count),
    ]
    for part in try matched(description) {
      for kind in CacheKind.allCases {
        let exact = try part.set.layers.map { layer in
          try exactBytes(description, kind, layer).map { try reader.take($0.count) }
        }
        let rawCount = Int(clamping: try reader.number(UInt64.self))
        let stream = Array(try reader.take(Int(clamping: try reader.number(UInt64.self))))
        let payload = try Deflate.decode(stream, count: rawCount, place: method)
        let rows = Self.middle(of: part.set.tokens)
        let matrix = try self.matrix(payload, kind, part, rows: rows.count)
        var restored = FeatureRows.scatter(matrix, rows: rows, kind, part.set, description)
        for (slot, layer) in part.set.layers.enumerated() {
          for (range, numbers) in zip(exactBytes(description, kind, layer), exact[slot]) {
            restored[slot].bytes.replaceSubrange(range, with: numbers)
          }
          tensors[kind]![layer] = restored[slot]
        }
      }
    }
    try reader.finish()
    return RestoredCache(
      description: description, keys: tensors[.key]!.map { $0! }, values: tensors[.value]!.map { $0! })
  }

  /// The analysis' parts with the sets of this cache.
  private func matched(_ description: CacheDescription) throws -> [KVTCAnalysis.Part] {
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

  /// The rows (rows, F) that a payload holds.
  private func matrix(
    _ payload: [UInt8], _ kind: CacheKind, _ part: KVTCAnalysis.Part, rows: Int
  ) throws -> [Float] {
    var reader = BaselineReader(payload, place: "\(method) \(kind.name)s")
    let plan = try Self.plan(from: &reader, limit: part.bases[kind]!.width)
    var basis = part.bases[kind]!
    let extent = plan.extent
    if embedsBasis {
      let numbers = StoredElements.widenHalf(Array(try reader.take(basis.byteCount(components: extent))))
      basis = PrincipalBasis(
        mean: Array(numbers.prefix(basis.width)), components: Array(numbers.dropFirst(basis.width)))
    }
    guard extent <= basis.count else {
      throw BaselineError.badValue(place: reader.place, field: "components", declared: extent)
    }
    var coefficients = [Float](repeating: 0, count: rows * extent)
    for group in plan.groups {
      let shifts = try (0..<rows).map { _ in try reader.half() }
      let affines = try shifts.map { AffineGroup(shift: $0, scale: try reader.half()) }
      let count = group.components.count * rows
      let codes = BitPacking.unpack(
        try reader.take(BitPacking.byteCount(count, bits: group.bits)), count: count, bits: group.bits)
      var next = 0
      for component in group.components {
        for row in 0..<rows {
          coefficients[row * extent + component] = affines[row].value(codes[next])
          next += 1
        }
      }
    }
    try reader.finish()
    return try basis.synthesise(coefficients, rows: rows, count: extent)
  }

  private static func plan(from reader: inout BaselineReader, limit: Int) throws -> BitAllocation {
    let count = Int(try reader.number(UInt32.self))
    guard count <= limit else { throw BaselineError.badValue(place: reader.place, field: "groups", declared: count) }
    var plan = BitAllocation(groups: [])
    for _ in 0..<count {
      let start = Int(try reader.number(UInt32.self))
      let size = Int(try reader.number(UInt32.self))
      let bits = Int(try reader.number(UInt8.self))
      guard start >= plan.extent, size > 0, start + size <= limit else {
        throw BaselineError.badValue(place: reader.place, field: "group end", declared: start + size)
      }
      guard DistortionTable.precisions.contains(bits) else {
        throw BaselineError.badValue(place: reader.place, field: "bits", declared: bits)
      }
      plan.groups.append(BitAllocation.Group(components: start..<start + size, bits: bits))
    }
    return plan
  }

  /// The byte ranges of the sinks and of the window of a layer's tensor, two a head.
  private func exactBytes(_ description: CacheDescription, _ kind: CacheKind, _ layer: Int) -> [Range<Int>] {
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
