extension FormatError {
  /// The numbers of the errors, as formats/fkv.md §10 lists them: 1x prologue, 2x directory, 3x section, 4x record,
  /// 5x limits, 9x encryption. A number is never given to another error.
  public enum Code: Int, CaseIterable, Hashable, Sendable {
    case notFKV = 10
    case mangledMagic = 11
    case prologueTruncated = 12
    case unsupportedVersion = 13
    case unknownFeatures = 14
    case fileSize = 15
    case prologueField = 16
    case metadataHash = 17
    case directorySize = 20
    case sectionMisplaced = 21
    case sectionBeyondEnd = 22
    case unknownRequiredSection = 23
    case reservedFlags = 24
    case duplicateSection = 25
    case tokenRange = 26
    case directoryField = 27
    case headerMisplaced = 28
    case syncWord = 30
    case prefixDiffers = 31
    case sectionHash = 32
    case rawBytes = 33
    case fieldTruncated = 40
    case fieldOrder = 41
    case duplicateField = 42
    case missingField = 43
    case fieldSize = 44
    case unknownRequiredField = 45
    case reservedFieldFlags = 46
    case invalidText = 47
    case fieldValue = 48
    case tooManySections = 50
    case headerTooLarge = 51
    case tooManyFields = 52
    case rawBytesTooLarge = 53
    case totalRawBytesTooLarge = 54
    case keyNeeded = 90
    case wrongKey = 91
    case sealMisplaced = 92
    case sealSize = 93
    case notAuthentic = 94
  }

  /// The error's number.
  public var code: Code {
    switch self {
    case .notFKV: .notFKV
    case .mangledMagic: .mangledMagic
    case .prologueTruncated: .prologueTruncated
    case .unsupportedVersion: .unsupportedVersion
    case .unknownFeatures: .unknownFeatures
    case .fileSize: .fileSize
    case .prologueField: .prologueField
    case .metadataHash: .metadataHash
    case .directorySize: .directorySize
    case .sectionMisplaced: .sectionMisplaced
    case .sectionBeyondEnd: .sectionBeyondEnd
    case .unknownRequiredSection: .unknownRequiredSection
    case .reservedFlags: .reservedFlags
    case .duplicateSection: .duplicateSection
    case .tokenRange: .tokenRange
    case .directoryField: .directoryField
    case .headerMisplaced: .headerMisplaced
    case .syncWord: .syncWord
    case .prefixDiffers: .prefixDiffers
    case .sectionHash: .sectionHash
    case .rawBytes: .rawBytes
    case .fieldTruncated: .fieldTruncated
    case .fieldOrder: .fieldOrder
    case .duplicateField: .duplicateField
    case .missingField: .missingField
    case .fieldSize: .fieldSize
    case .unknownRequiredField: .unknownRequiredField
    case .reservedFieldFlags: .reservedFieldFlags
    case .invalidText: .invalidText
    case .fieldValue: .fieldValue
    case .tooManySections: .tooManySections
    case .headerTooLarge: .headerTooLarge
    case .tooManyFields: .tooManyFields
    case .rawBytesTooLarge: .rawBytesTooLarge
    case .totalRawBytesTooLarge: .totalRawBytesTooLarge
    case .keyNeeded: .keyNeeded
    case .wrongKey: .wrongKey
    case .sealMisplaced: .sealMisplaced
    case .sealSize: .sealSize
    case .notAuthentic: .notAuthentic
    }
  }
}
