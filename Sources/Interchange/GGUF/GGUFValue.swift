/// One metadata value of a GGUF file.
public enum GGUFValue: Equatable, Sendable {
  case unsigned(UInt64)
  case signed(Int64)
  case float(Double)
  case bool(Bool)
  case string(String)
  /// An array stays in the file: what its elements are, how many, and where they begin.
  case array(GGUFArray)
}

/// Where an array of a GGUF file lies.
public struct GGUFArray: Equatable, Sendable {
  public var elementType: GGUFValueType
  public var count: Int
  /// Offset of the first element from the file's start.
  public var offset: Int
}

/// The value types of GGUF, with their codes in the file.
public enum GGUFValueType: UInt32, Equatable, Sendable, CaseIterable {
  case uint8 = 0
  case int8 = 1
  case uint16 = 2
  case int16 = 3
  case uint32 = 4
  case int32 = 5
  case float32 = 6
  case bool = 7
  case string = 8
  case array = 9
  case uint64 = 10
  case int64 = 11
  case float64 = 12

  /// Bytes of one value; nil for strings and arrays, whose length is in the file.
  public var byteCount: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }
}
