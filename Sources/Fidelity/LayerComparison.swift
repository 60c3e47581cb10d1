/// One layer of a restored cache against the full one.
public struct LayerComparison: Sendable {
  /// The attention-output error of each query head.
  public let headErrors: [Double]
  public let keyError: RelativeError
  public let valueError: RelativeError
  /// P.
  public let probeQueries: Int

  /// Measures; all four tensors are (H, T, D).
  public init(
    _ problem: AttentionProblem, keys: [Float], values: [Float], restoredKeys: [Float], restoredValues: [Float]
  ) throws {
    var (keyError, valueError) = (RelativeError(), RelativeError())
    keyError.add(keys, restoredKeys)
    valueError.add(values, restoredValues)
    self.keyError = keyError
    self.valueError = valueError
    probeQueries = problem.queries.count
    headErrors = AttentionErrors.ofHeads(
      reference: try ReferenceAttention.outputs(problem, keys: keys, values: values),
      restored: try ReferenceAttention.outputs(problem, keys: restoredKeys, values: restoredValues),
      heads: problem.layer.queryHeads)
  }
}
