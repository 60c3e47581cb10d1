/// Keys or values of one layer as they are stored: shape (H, T, D), row-major, D innermost, no padding.
public struct CacheTensor: Equatable, Sendable {
  public let kvHeads: Int
  public let tokens: Int
  public let headDim: Int
  public let elementType: ElementType
  /// H·T·D elements, little-endian.
  public var bytes: [UInt8]

  public init(kvHeads: Int, tokens: Int, headDim: Int, elementType: ElementType, bytes: [UInt8]) {
    precondition(bytes.count == kvHeads * tokens * headDim * elementType.byteCount, "bytes do not fill the shape")
    self.kvHeads = kvHeads
    self.tokens = tokens
    self.headDim = headDim
    self.elementType = elementType
    self.bytes = bytes
  }

  /// H·T·D.
  public var elementCount: Int { kvHeads * tokens * headDim }
}

/// Queries of the last P positions of a prompt in one layer, after RoPE and before any scaling.
public struct ProbeQueries: Equatable, Sendable {
  /// H·G.
  public let heads: Int
  /// P.
  public let count: Int
  public let headDim: Int
  /// The position of the first probe query; the others follow one by one.
  public let firstPosition: Int
  /// Shape (H·G, P, D), row-major.
  public var elements: [Float]

  public init(heads: Int, count: Int, headDim: Int, firstPosition: Int, elements: [Float]) {
    precondition(elements.count == heads * count * headDim, "elements do not fill the shape")
    self.heads = heads
    self.count = count
    self.headDim = headDim
    self.firstPosition = firstPosition
    self.elements = elements
  }
}

/// Which half of a cache a tensor is.
public enum CacheKind: UInt8, Hashable, Sendable, CaseIterable {
  case key = 0
  case value = 1

  /// `key` or `value`.
  public var name: String { self == .key ? "key" : "value" }
}
