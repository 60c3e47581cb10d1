import KVCacheModel

/// How a safetensors file stores one number; raw values are the names in the file.
public enum SafetensorsDataType: String, Hashable, Sendable, CaseIterable {
  /// One byte, 0 or 1.
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  /// Eight bits: sign, 4 of exponent, 3 of fraction.
  case float8E4M3 = "F8_E4M3"
  /// Eight bits: sign, 5 of exponent, 2 of fraction.
  case float8E5M2 = "F8_E5M2"
  case uint16 = "U16"
  case int16 = "I16"
  /// IEEE 754 binary16.
  case float16 = "F16"
  /// The upper half of an IEEE 754 binary32.
  case bfloat16 = "BF16"
  case uint32 = "U32"
  case int32 = "I32"
  case float32 = "F32"
  case uint64 = "U64"
  case int64 = "I64"
  case float64 = "F64"

  /// The data type of a cache's elements.
  public init(_ type: ElementType) {
    switch type {
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    case .float32: self = .float32
    }
  }

  /// Bytes of one element: 1, 2, 4 or 8.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8, .float8E4M3, .float8E5M2: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  /// Bytes of a tensor: the product of `shape` (1 for a scalar's empty shape) times `byteCount`.
  ///
  /// nil where a dimension is negative or any partial product, left to right, exceeds `Int`; a later zero does not
  /// mend that.
  public func byteCount(shape: [Int]) -> Int? {
    var product = 1
    for dimension in shape + [byteCount] {
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      guard dimension >= 0, !overflow else { return nil }
      product = next
    }
    return product
  }
}
