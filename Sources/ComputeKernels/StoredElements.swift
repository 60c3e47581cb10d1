import CKernels

/// Widening and narrowing of numbers stored as little-endian bytes.
public enum StoredElements {
  /// The values of binary16 elements.
  public static func widenHalf(_ bytes: UnsafeRawBufferPointer) -> [Float] {
    precondition(bytes.count % 2 == 0)
    return [Float](unsafeUninitializedCapacity: bytes.count / 2) { target, count in
      count = bytes.count / 2
      guard count > 0 else { return }
      fkv_half_to_float(
        bytes.baseAddress!.assumingMemoryBound(to: UInt16.self), target.baseAddress!, bytes.count / 2)
    }
  }

  /// The values of binary16 elements.
  public static func widenHalf(_ bytes: [UInt8]) -> [Float] { bytes.withUnsafeBytes { widenHalf($0) } }

  /// The values of bfloat16 elements.
  public static func widenBFloat(_ bytes: UnsafeRawBufferPointer) -> [Float] {
    precondition(bytes.count % 2 == 0)
    return (0..<bytes.count / 2).map {
      Float(bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)) << 16)
    }
  }

  /// The values of bfloat16 elements.
  public static func widenBFloat(_ bytes: [UInt8]) -> [Float] { bytes.withUnsafeBytes { widenBFloat($0) } }

  /// The values of binary32 elements.
  public static func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
    precondition(bytes.count % 4 == 0)
    return [Float](unsafeUninitializedCapacity: bytes.count / 4) { target, count in
      count = bytes.count / 4
      UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
    }
  }

  /// The values of binary32 elements.
  public static func floats(_ bytes: [UInt8]) -> [Float] { bytes.withUnsafeBytes { floats($0) } }

  /// Writes the binary16 numbers nearest to `values`, ties to even. Finite values beyond ±65504 become ±65504, not
  /// infinities: a rounding error of the codec must not turn a large number into one that poisons a softmax.
  public static func narrowHalf(_ values: [Float], into target: UnsafeMutableRawBufferPointer) {
    precondition(target.count == 2 * values.count)
    guard !values.isEmpty else { return }
    let halves = target.baseAddress!.assumingMemoryBound(to: UInt16.self)
    values.withUnsafeBufferPointer { fkv_float_to_half($0.baseAddress!, halves, values.count) }
    for i in values.indices where halves[i] & 0x7FFF == 0x7C00 && values[i].isFinite { halves[i] -= 1 }
  }

  /// The binary16 bytes of `values`, as `narrowHalf(_:into:)` writes them.
  public static func narrowHalf(_ values: [Float]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 2 * values.count)
    bytes.withUnsafeMutableBytes { narrowHalf(values, into: $0) }
    return bytes
  }

  /// Writes the bfloat16 numbers nearest to `values`, ties to even.
  public static func narrowBFloat(_ values: [Float], into target: UnsafeMutableRawBufferPointer) {
    precondition(target.count == 2 * values.count)
    for (i, value) in values.enumerated() {
      target.storeBytes(of: HalfPrecision.bfloat16(value), toByteOffset: 2 * i, as: UInt16.self)
    }
  }

  /// The bfloat16 bytes of `values`.
  public static func narrowBFloat(_ values: [Float]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 2 * values.count)
    bytes.withUnsafeMutableBytes { narrowBFloat(values, into: $0) }
    return bytes
  }

  /// Binary32 bytes of `values`.
  public static func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
}
