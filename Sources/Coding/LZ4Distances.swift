/// Looks for what the library lets pass: it copies from a distance of 0, which no block may have, and so gives out bytes
/// that were in memory before.
enum LZ4Distances {
  /// Whether each match of a block that the library decoded lies at least one byte back.
  ///
  /// - Complexity: O(bytes of the block), one step a sequence.
  static func arePositive(_ block: UnsafeRawBufferPointer) -> Bool {
    var place = 0
    /// A length of 15 or more goes on in bytes of 255 and a last one below.
    func skipLength() {
      while place < block.count, block[place] == 255 { place += 1 }
      place += 1
    }
    while place < block.count {
      let token = block[place]
      place += 1
      var literals = Int(token >> 4)
      if literals == 15 {
        let start = place
        skipLength()
        guard place <= block.count else { return false }
        literals += 255 * (place - 1 - start) + Int(block[place - 1])
      }
      place += literals
      // The last sequence is of literals alone.
      guard place + 1 < block.count else { return place == block.count }
      if block[place] == 0, block[place + 1] == 0 { return false }
      place += 2
      if token & 15 == 15 { skipLength() }
    }
    return false
  }
}
