/// What the log keeps of a cell and a method.
public struct EvalResult<Score: Codable & Sendable>: Codable, Sendable {
  public var cost: EvalCost
  public var score: Score

  public init(cost: EvalCost, score: Score) {
    self.cost = cost
    self.score = score
  }
}

/// What a method's version of a cache cost.
public struct EvalCost: Codable, Hashable, Sendable {
  /// Tokens cached.
  public var cachedTokens: Int
  /// Bytes of the method's file, everything counted.
  public var fileBytes: Int
  /// The cache in 16-bit numbers.
  public var rawBytes: Int
  /// Bytes of a basis next to the file; not in `fileBytes`.
  public var outsideBytes: Int
  public var encodeSeconds: Double
  public var decodeSeconds: Double
  /// From memory into the engine.
  public var loadSeconds: Double
  /// From the loaded cache to the score.
  public var scoreSeconds: Double

  /// rawBytes / fileBytes; 0 for an empty file.
  public var ratio: Double { fileBytes == 0 ? 0 : Double(rawBytes) / Double(fileBytes) }
}
