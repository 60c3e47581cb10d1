/// One sequence's cells in one memory of a state file.
struct LlamaStateSelection {
  var stream: LlamaStateStream
  /// Indices of the stream's cells, in order of position.
  var cells: [Int]

  /// The cells of a sequence in every memory; nil takes the file's only one.
  ///
  /// - Throws: `LlamaStateError.severalSequences` if there are more; `noSuchSequence`; `empty` if no cell holds
  ///   anything.
  static func select(_ wanted: Int32?, of state: LlamaStateFile) throws -> [LlamaStateSelection] {
    let sequences = state.sequences
    guard let first = sequences.first else { throw LlamaStateError.empty(path: state.file.path) }
    guard wanted != nil || sequences.count == 1 else {
      throw LlamaStateError.severalSequences(path: state.file.path, sequences: Array(sequences.prefix(16)))
    }
    let sequence = wanted ?? first
    guard sequences.contains(sequence) else {
      throw LlamaStateError.noSuchSequence(
        path: state.file.path, wanted: sequence, sequences: Array(sequences.prefix(16)))
    }
    return try state.memories.map { streams in
      let holding = streams.map { ($0, $0.cells(of: sequence)) }.filter { !$0.1.isEmpty }
      guard holding.count <= 1 else { throw LlamaStateError.splitSequence(path: state.file.path, sequence: sequence) }
      let (stream, cells) = holding.first ?? (streams[0], [])
      return LlamaStateSelection(stream: stream, cells: cells)
    }
  }
}
