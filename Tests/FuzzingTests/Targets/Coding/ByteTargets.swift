import TestSupport

@testable import Coding

/// Byte planes, their entropy coder alone, and LZ4 blocks.
enum ByteTargets {
  /// Length of the plane, then its coded form.
  static let entropy = FuzzTarget(
    name: "bytes", mostBytes: 2048,
    seeds: {
      planes.compactMap { plane in
        plane.withUnsafeBytes { ByteEntropyCoder.encode($0, segment: 1) }.map { word(plane.count) + $0 }
      }
    }, mayThrow: { _ in false },
    run: { bytes, declared in
      var input = FuzzInput(bytes)
      // An empty plane is stored as it is, and never coded.
      let count = 1 + input.word() % 8192
      declared = count
      let plane = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
      defer { plane.deallocate() }
      _ = ByteEntropyCoder.decode(input.rest, into: plane)
    })

  /// Element size and byte count, then a coded array.
  static let planed = FuzzTarget(
    name: "planes", mostBytes: 4096,
    seeds: {
      planes.flatMap { plane in
        [2, 4].map { [UInt8($0 / 4)] + word(plane.count) + PlanedLZ4.encode(plane, elementSize: $0) }
      }
    }, mayThrow: { $0 is CodingError },
    run: { bytes, declared in
      var input = FuzzInput(bytes)
      let (size, count) = (input.byte() % 2 == 0 ? 2 : 4, input.word())
      declared = count
      let decoded = try PlanedLZ4.decode(input.bytes, elementSize: size, rawCount: count)
      guard decoded.count == count else { throw FuzzFinding("planes: \(decoded.count) bytes of \(count)") }
    })

  /// Byte count, then a block. What a block holds must not depend on what memory held.
  static let lz4 = FuzzTarget(
    name: "lz4", mostBytes: 2048,
    seeds: { planes.map { word($0.count) + LZ4Block.encode($0) } }, mayThrow: { _ in false },
    run: { bytes, declared in
      var input = FuzzInput(bytes)
      let count = input.word()
      declared = count
      let block = input.bytes
      guard let decoded = LZ4Block.decode(block, count: count) else { return }
      guard decoded.count == count, decoded == LZ4Block.decode(block, count: count) else {
        throw FuzzFinding("lz4: \(decoded.count) bytes of \(count), or other ones at the second time")
      }
    })

  /// Arrays that each method codes shortest: noise, runs, few values, repetitions.
  private static let planes: [[UInt8]] = {
    var generator = RepeatableGenerator(seed: 3)
    let noise = (0..<700).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let few = (0..<1500).map { _ in UInt8(clamping: Int(40 + 6 * generator.normal())) }
    let runs = (0..<900).map { UInt8($0 / 90) }
    let repeated = (0..<30).flatMap { _ in noise.prefix(25) }
    return [noise, few, runs, repeated, Array(noise.prefix(5)), [7]]
  }()

  private static func word(_ number: Int) -> [UInt8] { [UInt8(number & 0xFF), UInt8(number >> 8)] }
}
