/// How a tensor's elements are stored (§6.6).
package enum Element: Int {
  case f16 = 1
  case bf16 = 2
  case f32 = 3

  package var bytes: Int { self == .f32 ? 4 : 2 }

  /// The number that an element's bits mean.
  package func number(_ bits: UInt64) -> Double {
    switch self {
    case .f16: Double(Float16(bitPattern: UInt16(bits)))
    case .bf16: Double(Float(bitPattern: UInt32(bits) << 16))
    case .f32: Double(Float(bitPattern: UInt32(bits)))
    }
  }

  /// The number of the type that is nearest, ties to even; a NaN where the number is one.
  package func rounded(_ x: Double) -> Double {
    if x == 0 || !x.isFinite { return x }
    let (digits, least, most): (Int, Int, Int) =
      switch self {
      case .f16: (11, -24, 15)
      case .bf16: (8, -133, 127)
      case .f32: (24, -149, 127)
      }
    let unit = scale(max(Int(x.exponent) - digits + 1, least))
    let result = (x / unit).rounded(.toNearestOrEven) * unit
    let largest = (2 - scale(1 - digits)) * scale(most)
    guard abs(result) > largest else { return result }
    // §6.6: F16 stays finite.
    return self == .f16 ? (x < 0 ? -65504 : 65504) : (x < 0 ? -.infinity : .infinity)
  }

  private func scale(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }
}

/// Equal neighbouring layers are given out one by one (§6.3).
package struct Layer: Equatable {
  package var kvHeads = 0
  package var queryHeads = 0
  package var headDim = 0
  package var tokens = 0
  package var firstPosition = 0
  package var slidingWindow: Int?
  package var ropeIndex = 0

  package var features: Int { kvHeads * headDim }
  package var elements: Int { kvHeads * headDim * tokens }
}

/// A rotation of keys (§6.4).
package struct Rope {
  package var pairing = 0
  package var dimensions = 0
  package var frequencies: [Double] = []
  package var magnitude = 1.0
}

/// The header of a cache (§6).
package struct Header {
  package var profile = 0
  package var layers: [Layer] = []
  package var ropes: [Rope] = []
  package var keyType = Element.f16
  package var valueType = Element.f16
  package var groupSizes: [Int] = []
  package var basisHash: String?
  package var errors: [Float]?

  static let known: Set<Int> = [
    0x01, 0x02, 0x03, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x30, 0x40, 0x50, 0x51, 0x52, 0x53,
  ]

  /// §6.1
  init(_ bytes: [UInt8]) throws {
    let record = try Record(bytes, known: Self.known, repeated: [0x02, 0x20, 0x21, 0x40])
    profile = try record.u16(0x01)
    guard (1...3).contains(profile) else { throw Refusal(nil, "profile \(profile)") }
    for setting in record.all(0x02) { _ = try text(setting) }
    if let writer = record.optional(0x03) { _ = try text(writer) }
    try Self.model(record.must(0x10))
    try readLayers(record)
    for rope in record.all(0x21) { ropes.append(try Self.rope(rope)) }
    if ropes.isEmpty { ropes = [Rope()] }
    for layer in layers {
      try need(layer.ropeIndex < ropes.count, "rope_index")
      try need(ropes[layer.ropeIndex].dimensions <= layer.headDim, "rotated dimensions")
    }
    func type(_ tag: Int) throws -> Element {
      let code = try record.u8(tag)
      guard let type = Element(rawValue: code) else { throw Refusal(48, "element type \(code)") }
      return type
    }
    (keyType, valueType) = (try type(0x22), try type(0x23))
    let scale = try record.f32(0x24)
    try need(scale.isFinite && scale > 0, "attention_scale")
    if record.optional(0x25) != nil {
      let cap = try record.f32(0x25)
      try need(cap.isFinite && cap > 0, "attention_softcap")
    }
    if let stored = record.optional(0x30) { try readErrors(stored) }
    for line in record.all(0x40) { _ = try text(line) }
    if profile == 3 { try readGroups(record.must(0x50)) }
    if record.optional(0x51) != nil {
      let hash = try record.string(0x51)
      try need(hash.utf8.count == 16 && hash.allSatisfy { "0123456789abcdef".contains($0) }, "basis_hash")
      basisHash = hash
    }
    if let payload = record.optional(0x52) { try need(sized(payload, 8).u64(0) < 1 << 63, "basis_bytes") }
    if profile == 3, let payload = record.optional(0x53) { try Self.extending(payload) }
  }

  /// §6.2
  static func model(_ bytes: [UInt8]) throws {
    let record = try Record(bytes, known: [1, 2, 3])
    for tag in 1...3 { _ = try record.string(tag) }
  }

  /// §6.3
  private mutating func readLayers(_ record: Record) throws {
    try need(record.optional(0x20) != nil, "no layers")
    var total = 0
    for bytes in record.all(0x20) {
      let run = try Record(bytes, known: [1, 2, 3, 4, 5, 6, 7, 8])
      func number(_ tag: Int, _ range: ClosedRange<Int>) throws -> Int {
        let value = try run.u32(tag)
        try need(range.contains(value), "field \(tag) of layers: \(value)")
        return value
      }
      var layer = Layer()
      layer.kvHeads = try number(2, 1...65_536)
      layer.queryHeads = try number(3, 1...65_536)
      try need(layer.queryHeads % layer.kvHeads == 0, "query_heads")
      layer.headDim = try number(4, 1...65_536)
      layer.tokens = try number(5, 0...0x7FFF_FFFF)
      // The products stay below 2⁶⁵ / 2: 2 + 16 + 16 + 31 bits take an overflow to notice.
      let (bytesOfKeys, overflow) = (4 * layer.features).multipliedReportingOverflow(by: layer.tokens)
      try need(!overflow && bytesOfKeys <= 8 << 30, "a layer's size")
      layer.firstPosition = try number(6, 0...0x7FFF_FFFF - layer.tokens)
      if run.optional(7) != nil { layer.slidingWindow = try number(7, 1...0x7FFF_FFFF) }
      layer.ropeIndex = try run.u32(8)
      let count = try number(1, 1...65_536)
      try need(layers.count + count <= 65_536, "layers")
      total += 2 * bytesOfKeys * count
      try need(total <= 1 << 40, "the cache's size")
      layers += Array(repeating: layer, count: count)
    }
  }

  /// §6.4
  private static func rope(_ bytes: [UInt8]) throws -> Rope {
    let record = try Record(bytes, known: [1, 2, 3, 4, 5, 6])
    var rope = Rope()
    rope.pairing = try record.u8(1)
    try need(rope.pairing <= 2, "pairing")
    rope.dimensions = try record.u32(2)
    let base = try record.f64(3)
    try need(base.isFinite && base > 0, "base")
    _ = try record.string(4)
    let payload = try record.must(5)
    rope.frequencies = (0..<(try numbers(payload, 8))).map { payload.f64(8 * $0) }
    try need(rope.frequencies.allSatisfy(\.isFinite), "inverse_frequencies")
    try need(rope.dimensions == 2 * rope.frequencies.count, "dimensions")
    rope.magnitude = try record.f64(6)
    try need(rope.magnitude.isFinite && rope.magnitude > 0, "magnitude")
    return rope
  }

  /// §6.5
  private mutating func readErrors(_ bytes: [UInt8]) throws {
    let record = try Record(bytes, known: [1, 2])
    _ = try record.u32(1)
    let payload = try record.must(2)
    errors = (0..<(try numbers(payload, 4))).map { payload.f32(4 * $0) }
    try need(errors!.count == layers.reduce(0) { $0 + $1.queryHeads }, "one error a query head")
  }

  /// §13.1
  private mutating func readGroups(_ payload: [UInt8]) throws {
    groupSizes = (0..<(try numbers(payload, 4))).map { payload.u32(4 * $0) }
    var first = 0
    for size in groupSizes {
      try need(size >= 1 && size <= layers.count - first, "group_sizes")
      try need(layers[first..<first + size].allSatisfy { $0 == layers[first] }, "layers of a group")
      try need(size * layers[first].features <= 16_384, "features of a group")
      first += size
    }
    try need(first == layers.count, "group_sizes")
  }

  /// §13.6
  private static func extending(_ bytes: [UInt8]) throws {
    let record = try Record(bytes, known: [1, 2, 3, 4, 5])
    for tag in [1, 2] {
      let step = try record.f32(tag)
      try need(step.isFinite && step > 0, "step")
    }
    if record.optional(3) != nil { _ = try record.u32(3) }
    try need(try record.u8(4) <= 1, "window_coding")
    try need(try record.u32(5) >= 1, "segment_tokens")
    for tag in [6, 7, 8] where record.optional(tag) != nil {
      try need((0x1p-20...1).contains(try record.f32(tag)), "factor")
    }
  }
}
