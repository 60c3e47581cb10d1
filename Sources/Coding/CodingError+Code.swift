extension CodingError {
  /// The numbers of the errors, as formats/fkv.md §10 lists them: 9x, coded bytes. A number is never given to another
  /// error.
  public enum Code: Int, CaseIterable, Hashable, Sendable {
    case codedTruncated = 90
    case unknownMethod = 91
    case impossibleSize = 92
    case corrupt = 93
    case codedTrailingBytes = 94
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
