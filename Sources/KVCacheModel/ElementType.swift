/// How one number of a cache is stored. Raw values are the codes of the `.fkv` format (formats/fkv.md).
public enum ElementType: UInt8, Hashable, Sendable, CaseIterable {
  /// IEEE 754 binary16.
  case float16 = 1
  /// The upper half of an IEEE 754 binary32.
  case bfloat16 = 2
  /// IEEE 754 binary32.
  case float32 = 3

  /// Bytes of one element: 2, 2, 4.
  public var byteCount: Int { self == .float32 ? 4 : 2 }

  /// The name that safetensors files use: `F16`, `BF16`, `F32`.
  public var safetensorsName: String {
    switch self {
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .float32: "F32"
    }
  }

  /// The type with that safetensors name; nil for any other name.
  public init?(safetensorsName name: String) {
    guard let match = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
    self = match
  }
}
