import KVCacheModel

/// Why an `.fkv` cannot be extended by another cache: what the file says, and what the other one.
public enum CacheExtensionError: Error, Equatable, Sendable {
  /// Both fingerprints are known and differ; `file` and `addition` are name and fingerprint.
  case model(file: String, addition: String)
  case layerCount(file: Int, addition: Int)
  /// Heads, head dimension or sliding window of a layer differ.
  case layer(Int, file: String, addition: String)
  /// The rotary embedding of a layer's keys differs, as with scalings that depend on the prompt's length.
  case rope(layer: Int, file: String, addition: String)
  case elementType(CacheKind, file: String, addition: String)
  /// Scale or soft cap of the attention scores differ.
  case attention(file: String, addition: String)
  /// The addition ends where the file does, or before; both are positions after the last token.
  case nothingNew(file: Int, addition: Int)
  /// A layer's positions do not join on to the file's.
  case positions(layer: Int, file: Range<Int>, addition: Range<Int>)
  /// A layer of a sliding window no longer holds all that it held in the file.
  case trimmed(layer: Int, window: Int, file: Range<Int>, addition: Range<Int>)
  /// The prompts differ first at a position.
  case token(position: Int, file: Int32, addition: Int32)
  /// Whether the prompts agree cannot be told: token ids are missing on one side or on both.
  case unknownTokens(inFile: Bool, inAddition: Bool)
  /// Profile `fourier`: the coefficients' period has no room for the middle that would come of it.
  case periodTooShort(layer: Int, kind: CacheKind, period: Int, middle: Int)
  /// Profile `fourier`: coefficients of reconstruction `published` need the largest deviation of all tokens, which is
  /// not known of those that were folded into them.
  case publishedReconstruction(layer: Int, kind: CacheKind)
  /// Profile `spectral`: the header does not say how the file was coded.
  case codingUnknown
}

extension CacheExtensionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .model(let file, let addition):
      "the file is of model \(file), the addition of \(addition)"
    case .layerCount(let file, let addition):
      "the file has \(file) layers, the addition \(addition)"
    case .layer(let layer, let file, let addition):
      "layer \(layer) is \(file) in the file, \(addition) in the addition"
    case .rope(let layer, let file, let addition):
      "the RoPE of layer \(layer) is \(file) in the file, \(addition) in the addition"
    case .elementType(let kind, let file, let addition):
      "\(kind.name)s are \(file) in the file, \(addition) in the addition"
    case .attention(let file, let addition):
      "attention is \(file) in the file, \(addition) in the addition"
    case .nothingNew(let file, let addition):
      "nothing to append: the file ends at position \(file), the addition at \(addition)"
    case .positions(let layer, let file, let addition):
      "layer \(layer) holds positions \(Self.label(file)) in the file, \(Self.label(addition)) in the addition: "
        + "they do not join"
    case .trimmed(let layer, let window, let file, let addition):
      "layer \(layer) attends to \(window) positions and was trimmed: it holds positions \(Self.label(file)) in the file, "
        + "\(Self.label(addition)) in the addition; compress the longer cache instead"
    case .token(let position, let file, let addition):
      "the prompts differ: the token at position \(position) is \(file) in the file, \(addition) in the addition"
    case .unknownTokens(let inFile, let inAddition):
      "whether the prompts agree cannot be told: token ids are \(inFile ? "" : "not ")in the file, "
        + "\(inAddition ? "" : "not ")in the addition; --unchecked appends all the same"
    case .periodTooShort(let layer, let kind, let period, let middle):
      "the coefficients of the \(kind.name)s of layer \(layer) have a period of \(period) tokens, and the middle would "
        + "have \(middle); compress with a longer --period to leave room"
    case .publishedReconstruction(let layer, let kind):
      "the \(kind.name)s of layer \(layer) have reconstruction published, whose largest deviations cannot be carried on; "
        + "compress with --reconstruction projection"
    case .codingUnknown:
      "the header does not say with what steps the file was coded"
    }
  }

  private static func label(_ positions: Range<Int>) -> String {
    positions.isEmpty ? "none" : "\(positions.lowerBound) to \(positions.upperBound - 1)"
  }
}
