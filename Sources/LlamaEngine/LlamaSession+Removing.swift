import CLlama

extension LlamaSession {
  /// Takes cached positions out of the cache: tokens appended from now on do not attend to them.
  ///
  /// The other positions stay as they are and so does the position of the next token, unless the last position is among
  /// those taken out: then the next token stands at the first of them. A cache with gaps before its last position cannot
  /// be captured.
  ///
  /// - Parameter positions: within 0 ..< T; of layers with a sliding window, what they still hold of them.
  public func remove(positions: Range<Int>) {
    precondition((0...tokenCount).contains(positions.lowerBound) && positions.upperBound <= tokenCount)
    guard !positions.isEmpty else { return }
    guard positions != 0..<tokenCount else { return reset() }
    let isRemoved = llama_memory_seq_rm(
      llama_get_memory(context), Self.sequence, Int32(positions.lowerBound), Int32(positions.upperBound))
    // Only recurrent memories refuse, and models with one are not loaded.
    precondition(isRemoved, "llama.cpp did not take positions out")
    recorded = nil
    recording = nil
    if positions.upperBound == tokenCount {
      tokenCount = positions.lowerBound
      tokens?.removeLast(positions.count)
    } else {
      hasGaps = true
    }
  }
}
