extension FormatError: CustomStringConvertible {
  /// One line: what, where, declared, found.
  public var description: String {
    switch self {
    case .notFKV(let found):
      "not an fkv file: it starts with \(spelled(found)), an fkv file with \(spelled(Layout.magic))"
    case .mangledMagic(let found):
      "the file starts with \(spelled(found)) instead of \(spelled(Layout.magic)): "
        + "a transfer in text mode changed its line ends"
    case .prologueTruncated(let fileBytes, let expected):
      "the file ends inside the prologue: \(fileBytes) of \(expected) bytes"
    case .unsupportedVersion(let version, let supported):
      "the file is of format version \(version), this reader knows version \(supported)"
    case .unknownFeatures(let unknown):
      "the file needs features that this reader lacks: bits \(hexadecimal(unknown.rawValue))"
    case .fileSize(let declared, let found):
      "the prologue declares a file of \(declared) bytes, found \(found)"
    case .prologueField(let name, let offset, let found, let expected):
      "prologue field \(name) at byte \(offset) is \(found), expected \(expected)"
    case .metadataHash(let offset, let declared, let computed):
      "prologue, header and directory are damaged: hash at byte \(offset) declares \(hexadecimal(declared)), "
        + "computed \(hexadecimal(computed))"
    default: sectionDescription ?? recordDescription ?? encryptionDescription ?? limitDescription
    }
  }

  private var sectionDescription: String? {
    switch self {
    case .directorySize(let bytes, let rowBytes):
      "the directory has \(bytes) bytes, expected a positive multiple of \(rowBytes)"
    case .sectionMisplaced(let id, let declared, let expected):
      "section \(id) is declared at byte \(declared), expected at \(expected), where the one before it ends"
    case .sectionBeyondEnd(let id, let offset, let storedBytes, let end):
      "section \(id) at byte \(offset) declares \(storedBytes) bytes, but sections end at byte \(end)"
    case .unknownRequiredSection(let id, let offset):
      "section \(id) at byte \(offset) is required and of a kind that this reader does not know"
    case .reservedFlags(let id, let offset, let found):
      "section \(id) at byte \(offset) has reserved flags: \(hexadecimal(found.rawValue))"
    case .duplicateSection(let id, let offset):
      "section \(id) at byte \(offset) is in the file already"
    case .tokenRange(let id, let offset, let first, let count):
      "section \(id) at byte \(offset) declares \(count) tokens from \(first) on, which passes 2^32 - 1"
    case .directoryField(let id, let name, let offset, let found, let expected):
      "section \(id): directory field \(name) in the row at byte \(offset) is \(found), expected \(expected)"
    case .headerMisplaced(let id, let offset):
      "section \(id) at byte \(offset): the last section and no other must be the header"
    case .syncWord(let id, let offset, let found):
      "section \(id) at byte \(offset) starts with \(spelled(found)), expected \(spelled(Layout.syncWord))"
    case .prefixDiffers(let id, let name, let offset, let directory, let prefix):
      "section \(id) at byte \(offset): \(name) is \(directory) in the directory, \(prefix) in the section's prefix"
    case .sectionHash(let id, let offset, let declared, let computed):
      "section \(id) at byte \(offset) is damaged: declared hash \(hexadecimal(declared)), "
        + "computed \(hexadecimal(computed))"
    case .rawBytes(let id, let offset, let declared, let found):
      "section \(id) at byte \(offset) declares \(declared) decoded bytes, found \(found)"
    default: nil
    }
  }

  private var recordDescription: String? {
    switch self {
    case .fieldTruncated(let record, let offset, let needed, let remaining):
      "\(record) record ends inside the field at byte \(offset): it needs \(needed) bytes, \(remaining) remain"
    case .fieldOrder(let record, let tag, let offset, let previous):
      "\(record) record: field \(tag) at byte \(offset) follows field \(previous), expected rising tags"
    case .duplicateField(let record, let tag, let offset):
      "\(record) record: field \(tag) at byte \(offset) is there already"
    case .missingField(let record, let tag, let offset):
      "\(record) record at byte \(offset) lacks field \(tag)"
    case .fieldSize(let record, let tag, let offset, let bytes, let unit):
      "\(record) record: field \(tag) at byte \(offset) has \(bytes) bytes, its type takes \(unit) each"
    case .unknownRequiredField(let record, let tag, let offset):
      "\(record) record: field \(tag) at byte \(offset) is required and not known to this reader"
    case .reservedFieldFlags(let record, let tag, let offset, let found):
      "\(record) record: field \(tag) at byte \(offset) has reserved flags: \(hexadecimal(found))"
    case .invalidText(let record, let tag, let offset):
      "\(record) record: field \(tag) at byte \(offset) is not UTF-8"
    case .fieldValue(let record, let tag, let offset, let found, let legal):
      "\(record) record: field \(tag) at byte \(offset) is \(found), expected \(legal)"
    default: nil
    }
  }

  private var encryptionDescription: String? {
    switch self {
    case .keyNeeded:
      "the file is encrypted, and no key was given: name its file with --key-file, or set FKV_KEY"
    case .wrongKey:
      "the file is encrypted with another key"
    case .sealMisplaced(let id, let offset):
      "section \(id) at byte \(offset): the seal of an encrypted file is the last section before its header"
    case .sealSize(let offset, let bytes, let expected):
      "the seal at byte \(offset) has \(bytes) bytes, expected \(expected) for the file's sections"
    case .notAuthentic(let id, let offset):
      "section \(id) at byte \(offset) is not what was encrypted: its bytes or its place in the file were changed"
    default: nil
    }
  }

  private var limitDescription: String {
    switch self {
    case .tooManySections(let count, let limit):
      "the file has \(count) sections, the limit is \(limit)"
    case .headerTooLarge(let bytes, let limit):
      "the header record has \(bytes) bytes, the limit is \(limit)"
    case .tooManyFields(let record, let offset, let count, let limit):
      "\(record) record at byte \(offset) has \(count) fields, the limit is \(limit)"
    case .rawBytesTooLarge(let id, let offset, let declared, let limit):
      "section \(id) at byte \(offset) declares \(declared) decoded bytes, the limit for its size is \(limit)"
    case .totalRawBytesTooLarge(let id, let offset, let declared, let limit):
      "the sections up to \(id) at byte \(offset) declare \(declared) decoded bytes, the limit is \(limit)"
    default: "format error \(code.rawValue)"
    }
  }
}

/// `89 46 4b 56`; `nothing` for no bytes.
private func spelled(_ bytes: [UInt8]) -> String {
  bytes.isEmpty ? "nothing" : bytes.map { String(hexadecimal($0).dropFirst(2)) }.joined(separator: " ")
}
