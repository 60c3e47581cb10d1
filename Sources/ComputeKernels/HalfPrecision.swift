import CKernels

/// Conversion between the element types of a cache and `Float`.
///
/// Half precision follows IEEE 754: widening is exact, narrowing rounds to nearest, ties to even. bfloat16 likewise.
/// The C kernels use F16C where the processor has it; `HalfPrecision.Reference` is the plain form they are tested with.
public enum HalfPrecision {
  /// Widens binary16 bit patterns; exact.
  public static func widen(_ source: UnsafeBufferPointer<UInt16>, into target: UnsafeMutableBufferPointer<Float>) {
    precondition(source.count == target.count)
    guard !source.isEmpty else { return }
    fkv_half_to_float(source.baseAddress!, target.baseAddress!, source.count)
  }

  /// Narrows to binary16 bit patterns; beyond ±65504 the result is an infinity.
  public static func narrow(_ source: UnsafeBufferPointer<Float>, into target: UnsafeMutableBufferPointer<UInt16>) {
    precondition(source.count == target.count)
    guard !source.isEmpty else { return }
    fkv_float_to_half(source.baseAddress!, target.baseAddress!, source.count)
  }

  /// The binary16 numbers nearest to `values`, as bit patterns.
  public static func narrow(_ values: [Float]) -> [UInt16] {
    [UInt16](unsafeUninitializedCapacity: values.count) { target, count in
      values.withUnsafeBufferPointer { narrow($0, into: UnsafeMutableBufferPointer(rebasing: target[..<values.count])) }
      count = values.count
    }
  }

  /// The values of binary16 bit patterns.
  public static func widen(_ patterns: [UInt16]) -> [Float] {
    [Float](unsafeUninitializedCapacity: patterns.count) { target, count in
      patterns.withUnsafeBufferPointer {
        widen($0, into: UnsafeMutableBufferPointer(rebasing: target[..<patterns.count]))
      }
      count = patterns.count
    }
  }

  /// The bfloat16 nearest to `value`, ties to even; a NaN stays a NaN.
  public static func bfloat16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(bits >> 16) | 0x40 }
    return UInt16((bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
  }

  /// One number at a time, through Swift's own conversions.
  public enum Reference {
    /// The value of a binary16 bit pattern.
    public static func widen(_ pattern: UInt16) -> Float { Float(Float16(bitPattern: pattern)) }
    /// The binary16 bit pattern nearest to `value`.
    public static func narrow(_ value: Float) -> UInt16 { Float16(value).bitPattern }
  }
}
