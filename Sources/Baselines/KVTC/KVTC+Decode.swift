import ComputeKernels
import KVCacheModel

extension KVTC {
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
}
