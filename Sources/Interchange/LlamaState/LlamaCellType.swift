import KVCacheModel

/// The types in which llama.cpp caches keys and values (`-ctk`, `-ctv`). Raw values are ggml's type codes.
///
/// The cases are spelled as ggml spells them, since `name` is what the user sees.
// swift-format-ignore: AlwaysUseLowerCamelCase
public enum LlamaCellType: Int32, Hashable, Sendable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q40 = 2
  case q41 = 3
  case q50 = 6
  case q51 = 7
  case q80 = 8
  case iq4NL = 20
  case bf16 = 30

  /// ggml's name: `q8_0`.
  public var name: String {
    switch self {
    case .f32: "f32"
    case .f16: "f16"
    case .q40: "q4_0"
    case .q41: "q4_1"
    case .q50: "q5_0"
    case .q51: "q5_1"
    case .q80: "q8_0"
    case .iq4NL: "iq4_nl"
    case .bf16: "bf16"
    }
  }

  /// Elements that one block holds: 1, or 32 in quantised types.
  public var blockElements: Int { isQuantised ? 32 : 1 }

  /// Bytes of one block (ggml-common.h).
  public var blockBytes: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q40, .iq4NL: 18
    case .q41: 20
    case .q50: 22
    case .q51: 24
    case .q80: 34
    }
  }

  public var isQuantised: Bool { elementType == nil }

  /// The element type that holds the same bits; nil for quantised types.
  public var elementType: ElementType? {
    switch self {
    case .f32: .float32
    case .f16: .float16
    case .bf16: .bfloat16
    default: nil
    }
  }

  /// The type of cells that hold an element type's bits.
  public init(_ type: ElementType) {
    switch type {
    case .float32: self = .f32
    case .float16: self = .f16
    case .bfloat16: self = .bf16
    }
  }

  /// Elements in `bytes` bytes of whole blocks; nil if they are no whole blocks.
  public func elements(inBytes bytes: Int) -> Int? {
    let (blocks, rest) = bytes.quotientAndRemainder(dividingBy: blockBytes)
    return rest == 0 ? blocks * blockElements : nil
  }
}
