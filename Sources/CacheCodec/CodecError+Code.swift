extension CodecError {
  /// The numbers of the errors, as formats/fkv.md §10 lists them: 55 and 56 limits, 6x and 7x what sections and header
  /// hold. A number is never given to another error.
  public enum Code: Int, CaseIterable, Hashable, Sendable {
    case memoryLimit = 55
    case workLimit = 56
    case truncated = 60
    case trailingBytes = 61
    case badValue = 62
    case missingSection = 63
    case missingHeaderField = 64
    case unknownProfile = 65
    case unsuitable = 66
    case basisNeeded = 70
    case wrongBasis = 71
    case basisOfOtherModel = 72
    case isBasisFile = 73
    case notBasisFile = 74
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
