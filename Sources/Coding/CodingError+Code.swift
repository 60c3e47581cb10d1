extension CodingError {
  /// The numbers of the errors, as formats/fkv.md §10 lists them: 8x, coded bytes. A number is never given to another
  /// error.
  public enum Code: Int, CaseIterable, Hashable, Sendable {
    case codedTruncated = 80
    case unknownMethod = 81
    case impossibleSize = 82
    case corrupt = 83
    case codedTrailingBytes = 84
  }

  /// The error's number.
  public var code: Code {
    switch self {
    case .truncated: .codedTruncated
    case .unknownMethod: .unknownMethod
    case .impossibleSize: .impossibleSize
    case .corrupt: .corrupt
    case .trailingBytes: .codedTrailingBytes
    }
  }
}
