/// A basis file (§14).
package struct ReferenceBasis {
  /// Of the weights and reflectors of a group's keys or values.
  package struct Part {
    package var weights: [Double]
    package var integers: [[Int]]
  }
  package let hash: String
  var groups: [(layers: Int, heads: Int, dims: Int)] = []
  package var keys: [Part] = []
  package var values: [Part] = []

  func parts(_ isKey: Bool) -> [Part] { isKey ? keys : values }

  /// §14.1, §14.2
  package init(_ bytes: [UInt8], tables: CoefficientTables) throws {
    let container = try Container(bytes)
    let digits = String(container.metadataHash, radix: 16)
    hash = String(repeating: "0", count: 16 - digits.count) + digits
    let record = try Record(
      container.header, known: [0x02, 0x03, 0x10, 0x60, 0x61, 0x62], repeated: [0x02, 0x61, 0x62])
    guard record.optional(0x60) != nil else { throw Refusal(nil, "no basis file") }
    try need(try record.u16(0x60) == 1, "basis")
    for setting in record.all(0x02) { _ = try text(setting) }
    if let writer = record.optional(0x03) { _ = try text(writer) }
    try Header.model(record.must(0x10))
    for payload in record.all(0x61) {
      let group = try Record(payload, known: [1, 2, 3])
      let (layers, heads, dims) = (try group.u32(1), try group.u32(2), try group.u32(3))
      try need(layers >= 1 && layers <= 65_536 - groups.reduce(0) { $0 + $1.layers }, "layers")
      try need(heads >= 1 && dims >= 1 && layers <= 16_384, "group")
      try need(heads <= 16_384 && dims <= 16_384 && layers * heads * dims <= 16_384, "features of a group")
      groups.append((layers, heads, dims))
    }
    try need(!groups.isEmpty, "no group")
    for payload in record.all(0x62) {
      let learned = try Record(payload, known: [1, 2])
      _ = (try learned.string(1), try learned.u32(2))
    }
    var first = 0
    for group in groups {
      for kind in [64, 65] {
        let part = try Self.part(container, kind, first, group, tables)
        if kind == 64 { keys.append(part) } else { values.append(part) }
      }
      first += group.layers
    }
  }

  private static func part(
    _ container: Container, _ kind: Int, _ first: Int, _ group: (layers: Int, heads: Int, dims: Int),
    _ tables: CoefficientTables
  ) throws -> Part {
    guard let section = container.section(kind, layer: first) else { throw Refusal(nil, "no basis of layer \(first)") }
    var parts = Parts(try container.payload(section))
    let n = group.layers * group.heads * group.dims
    guard try parts.u32("layers") == group.layers else { throw Refusal(nil, "layers") }
    guard try parts.u32("features") == n else { throw Refusal(nil, "features") }
    let s = try parts.u32("reflectors")
    guard s <= n else { throw Refusal(nil, "reflectors") }
    guard section.rawBytes == 4 * group.layers * group.heads + 2 * (n * s - s * (s - 1) / 2) else {
      throw Refusal(33, "basis")
    }
    let weights = try readWeights(&parts, group.layers * group.heads)
    return Part(
      weights: weights,
      integers: try reflectorIntegers(try parts.take(parts.left, "basis"), n: n, count: s, tables: tables))
  }

  /// §14.1: H and D of each layer, and layers of a group that are alike.
  func fits(_ header: Header) -> Bool {
    guard groups.map(\.layers) == header.groupSizes else { return false }
    var first = 0
    for group in groups {
      let layers = header.layers[first..<first + group.layers]
      guard layers.allSatisfy({ $0.kvHeads == group.heads && $0.headDim == group.dims && $0 == layers[first] }) else {
        return false
      }
      first += group.layers
    }
    return true
  }
}
