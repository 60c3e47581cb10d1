/// One stream of an attention memory in a state file: its cells, and where each layer's keys and values lie.
///
/// A memory has one stream for all sequences, or one for each where the context was not unified.
public struct LlamaStateStream: Equatable, Sendable {
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
  /// The sequences of all cells, one cell after another.
  public var sequenceIDs: [Int32]
  /// Where each cell's part of `sequenceIDs` ends.
  public var sequenceEnds: [Int]
  /// One a layer.
  public var keys: [Tensor]
  /// One a layer; empty in models that cache no values (MLA).
  public var values: [Tensor]
  /// Elements that the Hadamard rotation of quantised keys and values spans; nil where the version does not say.
  public var rotation: LlamaCellRotation?

  /// The cells of a sequence, in order of position; those of one position stay in file order.
  func cells(of sequence: Int32) -> [Int] {
    var start = 0
    var cells: [Int] = []
    for (cell, end) in sequenceEnds.enumerated() {
      if sequenceIDs[start..<end].contains(sequence) { cells.append(cell) }
      start = end
    }
    return cells.sorted { (positions[$0], $0) < (positions[$1], $1) }
  }
}
