extension CodecError {
  /// The numbers of the errors, as formats/fkv.md §10 lists them: 55 and 56 limits, 7x what sections and header
  /// hold, 8x basis files. A number is never given to another error.
  public enum Code: Int, CaseIterable, Hashable, Sendable {
    case memoryLimit = 55
    case workLimit = 56
    case truncated = 70
    case trailingBytes = 71
    case badValue = 72
    case missingSection = 73
    case missingHeaderField = 74
    case unknownProfile = 75
    case unsuitable = 76
    case basisNeeded = 80
    case wrongBasis = 81
    case basisOfOtherModel = 82
    case isBasisFile = 83
    case notBasisFile = 84
  }

  /// The error's number.
  public var code: Code {
    switch self {
    case .memoryLimit: .memoryLimit
    case .workLimit: .workLimit
    case .truncated: .truncated
    case .trailingBytes: .trailingBytes
    case .badValue: .badValue
    case .missingSection: .missingSection
    case .missingField: .missingHeaderField
    case .unknownProfile: .unknownProfile
    case .unsuitable: .unsuitable
    case .basisNeeded: .basisNeeded
    case .wrongBasis: .wrongBasis
    case .basisOfOtherModel: .basisOfOtherModel
    case .isBasisFile: .isBasisFile
    case .notBasisFile: .notBasisFile
    }
  }
}
