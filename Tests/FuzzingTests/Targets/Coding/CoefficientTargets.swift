import TestSupport

@testable import Coding

/// Coefficient streams: rANS alone, at every SIMD level.
enum CoefficientTargets {
  /// Rows, row length, choices, then a stream. All levels must agree on what it holds, or that it holds nothing.
  static let decoding = FuzzTarget(
    name: "rans", mostBytes: 1024, seeds: { try seeds() }, mutation: { mutated($0, &$1) },
    mayThrow: { $0 is CodingError },
    run: { bytes, declared in
      var input = FuzzInput(bytes)
      let (rows, length, choices) = (input.byte(), input.byte(), input.byte())
      declared = 2 * rows * length
      let shared =
        choices & 1 == 0
        ? nil
        : CoefficientModels(
          family: choices & 2 == 0 ? .laplace : .normal, indices: (0..<rows).map { UInt8(($0 * 7 + choices / 4) % 63) })
      let levels = SIMDLevel.available
      let best = result(input.rest, rows, length, shared, levels[levels.count - 1])
      let other = result(input.rest, rows, length, shared, levels[(choices >> 4) % levels.count])
      guard best == other else { throw FuzzFinding("rans: levels differ: \(best) and \(other)") }
      if case .failure(let error) = best { throw error }
    })

  /// A matrix of coefficients, which must come back from its stream at every SIMD level.
  static let coding = FuzzTarget(
    name: "rans-coding", mostBytes: 1024, memory: MemoryCap(fixed: 192 << 10, perByte: 128),
    seeds: { [matrix(4, 40, 1), matrix(33, 5, 9)] },
    mayThrow: { _ in false },
    run: { bytes, declared in
      var input = FuzzInput(bytes)
      let (width, choices) = (1 + input.byte(), input.byte())
      let wide = choices & 1 == 1
      var values: [Int16] = []
      while !input.rest.isEmpty {
        values.append(wide ? Int16(truncatingIfNeeded: input.word()) : Int16(truncatingIfNeeded: input.byte() - 128))
      }
      values = Array(values.prefix(values.count / width * width))
      let rows = values.count / width
      declared = 2 * values.count
      let coded = values.withUnsafeBufferPointer {
        CoefficientCoder.encode($0, rows: rows, rowLength: width, period: 1 + choices / 2 % 40)
      }
      for level in SIMDLevel.available {
        let decoded = try coded.withUnsafeBytes { try result($0, rows, width, nil, level).get() }
        guard decoded == values else { throw FuzzFinding("rans-coding: other values at level \(level)") }
      }
    })

  private static func result(
    _ coded: UnsafeRawBufferPointer, _ rows: Int, _ length: Int, _ shared: CoefficientModels?, _ level: SIMDLevel
  ) -> Result<[Int16], CodingError> {
    Result {
      try [Int16](unsafeUninitializedCapacity: rows * length) { buffer, count in
        try CoefficientCoder.decode(
          coded, rows: rows, rowLength: length, shared: shared,
          into: UnsafeMutableBufferPointer(rebasing: buffer[..<(rows * length)]), level: level)
        count = rows * length
      }
    }.mapError { $0 as! CodingError }
  }

  private static func matrix(_ rows: Int, _ length: Int, _ spread: Float) -> [UInt8] {
    var generator = RepeatableGenerator(seed: UInt64(rows))
    return [UInt8(length - 1), 0]
      + (0..<rows * length).map { _ in UInt8(clamping: Int(128 + spread * generator.normal())) }
  }

  private static func seeds() throws -> [[UInt8]] {
    var generator = RepeatableGenerator(seed: 5)
    return [(1, 1, 1), (3, 32, 1), (5, 33, 4), (20, 7, 30), (8, 16, 300), (40, 3, 9000), (255, 2, 2), (2, 64, 0)].map {
      rows, length, spread in
      let values = (0..<rows * length).map { _ in Int16(clamping: Int(Float(spread) * generator.normal())) }
      let stream = values.withUnsafeBufferPointer {
        CoefficientCoder.encode($0, rows: rows, rowLength: length, period: 1 + rows / 3)
      }
      return [UInt8(rows), UInt8(length), UInt8(rows * 16 & 0xF0)] + stream
    }
  }

  /// Where a stream of its own models says how many words it has, the count is made right again after a change.
  private static func mutated(_ bytes: [UInt8], _ changes: inout ByteChanges) -> [UInt8] {
    var bytes = changes.changed(bytes)
    guard bytes.count > 3, changes.number(below: 4) > 0 else { return bytes }
    let sideRows = (Int(bytes[0]) + CoefficientCoder.sideLength - 1) / CoefficientCoder.sideLength
    let place = 3 + (bytes[3] == 1 ? 4 + sideRows : 1)
    let end = place + 4 + CoefficientCoder.stateBytes
    guard bytes.count >= end else { return bytes }
    let kept = max(0, (bytes.count - end) / 2 - changes.number(below: 3))
    for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: kept >> (8 * index)) }
    // A lane below 2^16 refuses the stream before it is begun.
    for lane in 0..<32 where bytes[place + 4 + 4 * lane + 2] == 0 && bytes[place + 4 + 4 * lane + 3] == 0 {
      bytes[place + 4 + 4 * lane + 2] = 1
    }
    return bytes
  }
}
