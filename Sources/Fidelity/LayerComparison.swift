/// One layer of a restored cache against the full one.
public struct LayerComparison: Sendable {
  /// The attention-output error of each query head.
  public let headErrors: [Double]
  public let keyError: RelativeError
  public let valueError: RelativeError
  /// P.
  public let probeQueries: Int

  /// Measures; all four tensors are (H, T, D).
  ///
  /// - Parameter droppedRows: rows of the restored cache that its method dropped: attention over it does not see them,
  ///   and their restored numbers count as given (0 where a method leaves nothing of a row).
  public init(
    _ problem: AttentionProblem, keys: [Float], values: [Float], restoredKeys: [Float], restoredValues: [Float],
    droppedRows: Range<Int> = 0..<0
  ) throws {
    var (keyError, valueError) = (RelativeError(), RelativeError())
    keyError.add(keys, restoredKeys)
    valueError.add(values, restoredValues)
    self.keyError = keyError
    self.valueError = valueError
    probeQueries = problem.queries.count
    headErrors = AttentionErrors.ofHeads(
      reference: try ReferenceAttention.outputs(problem, keys: keys, values: values),
      restored: try ReferenceAttention.outputs(
        problem.dropping(droppedRows), keys: restoredKeys, values: restoredValues),
      heads: problem.layer.queryHeads)
  }
}
