import KVCacheModel

/// The types in which llama.cpp caches keys and values (`-ctk`, `-ctv`). Raw values are ggml's type codes.
public enum LlamaCellType: Int32, Hashable, Sendable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case iq4_nl = 20
  case bf16 = 30

  /// ggml's name: `q8_0`.
  public var name: String { "\(self)" }

  /// Elements that one block holds: 1, or 32 in quantised types.
  public var blockElements: Int { isQuantised ? 32 : 1 }

  /// Bytes of one block (ggml-common.h).
  public var blockBytes: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q4_0, .iq4_nl: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q8_0: 34
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
