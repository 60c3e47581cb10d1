import Interchange

/// A format, for people who have to choose one.
public struct FormatSummary: Hashable, Sendable {
  public var name: String
  public var summary: String
  public var isRead: Bool
  public var isWritten: Bool
  public var cannotCarry: [String]
}

extension CacheFormats {
  /// All formats that `fkv convert` has.
  public static var summaries: [FormatSummary] {
    all().map {
      FormatSummary(
        name: $0.name, summary: $0.summary, isRead: $0.directions.contains(.read),
        isWritten: $0.directions.contains(.write), cannotCarry: $0.cannotCarry)
    }
  }
}

/// Something that a conversion does not keep: `ConversionLoss` for those who do not know `Interchange`.
public struct LossSummary: Hashable, Sendable {
  /// `rounding` or `dropped`.
  public var kind: String
  /// A clause without a full stop.
  public var what: String
  /// How many of `total` numbers are concerned, where numbers are.
  public var count: Int?
  public var total: Int?

  init(_ loss: ConversionLoss) {
    kind = loss.kind.rawValue
    what = loss.what
    count = loss.count
    total = loss.total
  }
}

extension CacheReading {
  /// What a model file and a file of token ids supply; nil for neither.
  ///
  /// - Throws: `GGUFError`, `EngineError`, `TokenIDFile.Failure`, `FileError`.
  public static func supplied(model: String?, tokenIDs: String?) throws -> SuppliedFacts {
    var supplied = SuppliedFacts()
    supplied.model = try model.map { try ModelFacts.reading($0) }
    supplied.tokens = try tokenIDs.map { try TokenIDFile.read($0) }
    return supplied
  }
}

/// Which mlx-lm shall read a prompt cache: `0.31` and before, or `0.32`.
public typealias MLXVersion = MLXDialect
