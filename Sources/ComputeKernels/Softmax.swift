import CKernels

/// The softmax of attention scores, row by row.
public enum Softmax {
  /// Replaces a row of scores by probabilities over `seen`; columns outside become 0. With a `softcap` c, a score s
  /// counts as c·tanh(s/c).
  ///
  /// - Accuracy: without a cap, a probability whose score is d below the row's largest has a relative error of at most
  ///   (d/2 + n/16 + 24)·2⁻²³ over n columns, for d ≤ 87; further below it is 0.
  /// - Edge cases: an empty `seen` makes the whole row 0; −∞ gives 0 next to a finite score; a NaN, a +∞, or nothing but
  ///   −∞ makes every probability NaN.
  public static func apply(_ row: UnsafeMutableBufferPointer<Float>, over seen: Range<Int>, softcap: Float? = nil) {
    precondition(seen.lowerBound >= 0 && seen.upperBound <= row.count)
    guard !seen.isEmpty else {
      row.update(repeating: 0)
      return
    }
    fkv_softmax_row(row.baseAddress!, row.count, seen.lowerBound, seen.upperBound, softcap ?? 0)
  }
}
