import CKernels

/// The softmax of attention scores, row by row.
public enum Softmax {
  /// Replaces a row of scores by probabilities over `seen`; columns outside become 0. With a `softcap` c, a score s
  /// counts as c·tanh(s/c).
  ///
  /// - Accuracy: probabilities to 1e-6 relative, for scores within 80 of the row's largest; 0 further below.
  /// - Edge cases: an empty `seen` makes the whole row 0.
  public static func apply(_ row: UnsafeMutableBufferPointer<Float>, over seen: Range<Int>, softcap: Float? = nil) {
    precondition(seen.lowerBound >= 0 && seen.upperBound <= row.count)
    guard !seen.isEmpty else {
      row.update(repeating: 0)
      return
    }
    fkv_softmax_row(row.baseAddress!, row.count, seen.lowerBound, seen.upperBound, softcap ?? 0)
  }
}
