/// One attention memory of a state file: its cells, and where each layer's keys and values lie.
public struct LlamaStateBlob: Equatable, Sendable {
  /// Keys or values of one layer.
  public struct Tensor: Equatable, Sendable {
    /// ggml's code of the element type.
    public var typeCode: Int32
    /// Bytes of one cell: of its row, or where `isTransposed` of its elements in all channels together.
    public var rowBytes: Int
    /// Where the data begins, from the file's start; cells · rowBytes of them.
    public var offset: Int
    /// Whether the data lies channel by channel (all cells of channel 0 first) instead of cell by cell.
    public var isTransposed: Bool
  }

  /// The position of each cell, in file order.
  public var positions: [Int32]
  public var keys: [Tensor]
  /// One a layer; empty in models that cache no values (MLA).
  public var values: [Tensor]
  /// Elements that the Hadamard rotation of quantised keys and values spans; 0 where there is none or the version
  /// does not say.
  public var keyRotation: Int
  public var valueRotation: Int
}
