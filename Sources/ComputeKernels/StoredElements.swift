import CKernels

/// Widening and narrowing of whole tensors given as little-endian bytes.
public enum StoredElements {
  /// The values of `count` binary16 elements.
  public static func widenHalf(_ bytes: [UInt8]) -> [Float] {
    precondition(bytes.count % 2 == 0)
    return [Float](unsafeUninitializedCapacity: bytes.count / 2) { target, count in
      count = bytes.count / 2
      bytes.withUnsafeBytes { raw in
        guard count > 0 else { return }
        fkv_half_to_float(raw.bindMemory(to: UInt16.self).baseAddress!, target.baseAddress!, count)
      }
    }
  }

  /// The values of bfloat16 elements.
  public static func widenBFloat(_ bytes: [UInt8]) -> [Float] {
    precondition(bytes.count % 2 == 0)
    return bytes.withUnsafeBytes { raw in
      (0..<bytes.count / 2).map {
        Float(bitPattern: UInt32(raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)) << 16)
      }
    }
  }

  /// The values of binary32 elements.
  public static func floats(_ bytes: [UInt8]) -> [Float] {
    precondition(bytes.count % 4 == 0)
    return bytes.withUnsafeBytes { raw in
      (0..<bytes.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  /// Binary16 bytes of `values`, nearest, ties to even. Finite values beyond ±65504 become ±65504, not infinities:
  /// a rounding error of the codec must not turn a large number into one that poisons a softmax.
  public static func narrowHalf(_ values: [Float]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: values.count * 2) { target, count in
      count = values.count * 2
      UnsafeMutableRawBufferPointer(target).withMemoryRebound(to: UInt16.self) { halves in
        guard !values.isEmpty else { return }
        values.withUnsafeBufferPointer { fkv_float_to_half($0.baseAddress!, halves.baseAddress!, values.count) }
        for i in values.indices where halves[i] & 0x7FFF == 0x7C00 && values[i].isFinite {
          halves[i] -= 1
        }
      }
    }
  }

  /// bfloat16 bytes of `values`, nearest, ties to even.
  public static func narrowBFloat(_ values: [Float]) -> [UInt8] {
    values.flatMap { value -> [UInt8] in
      let pattern = HalfPrecision.bfloat16(value)
      return [UInt8(truncatingIfNeeded: pattern), UInt8(pattern >> 8)]
    }
  }

  /// Binary32 bytes of `values`.
  public static func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
}
