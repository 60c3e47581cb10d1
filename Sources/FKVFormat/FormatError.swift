/// Why bytes are not a file of this format, or not one that this reader may read: the only error of `FKVFormat`
/// besides `FileError`. Offsets count from the start of the file unless said otherwise.
public enum FormatError: Error, Equatable, Sendable {
  /// The file starts otherwise than an fkv file; `found` is its first 8 bytes or all it has.
  case notFKV(found: [UInt8])
  /// The magic's first half is right and its line ends were changed: the file went through a text-mode transfer.
  case mangledMagic(found: [UInt8])
  /// The file ends inside the prologue.
  case prologueTruncated(fileBytes: Int, expected: Int)
  /// The file is of another version of the format.
  case unsupportedVersion(UInt32, supported: UInt32)
  /// The file needs abilities that this reader lacks; `unknown` holds their bits.
  case unknownFeatures(unknown: RequiredFeatures)
  /// The file is shorter or longer than its prologue says.
  case fileSize(declared: UInt64, found: UInt64)
  /// A field of the prologue cannot be: header and directory must be the end of the file, reserved bytes 0.
  case prologueField(String, offset: Int, found: UInt64, expected: UInt64)
  /// Prologue, header and directory do not give the hash that the prologue states.
  case metadataHash(offset: Int, declared: UInt64, computed: UInt64)

  /// The directory's length is no positive multiple of a row's.
  case directorySize(bytes: UInt32, rowBytes: Int)
  /// A row names another offset than the end of the section before it: a gap or an overlap.
  case sectionMisplaced(SectionID, declared: UInt64, expected: UInt64)
  /// A section reaches beyond the place where the next part of the file must start.
  case sectionBeyondEnd(SectionID, offset: UInt64, storedBytes: UInt64, end: UInt64)
  /// A section that a reader must understand is of a kind that this one does not.
  case unknownRequiredSection(SectionID, offset: Int)
  /// A section has flag bits that this version reserves.
  case reservedFlags(SectionID, offset: Int, found: SectionFlags)
  /// Two sections have the same kind, layer and index.
  case duplicateSection(SectionID, offset: Int)
  /// The tokens of a section pass 2³² − 1.
  case tokenRange(SectionID, offset: Int, first: UInt32, count: UInt32)
  /// A field of a directory row cannot be; `offset` is the row's.
  case directoryField(SectionID, String, offset: Int, found: UInt64, expected: UInt64)
  /// The section at `offset` is a header, which only the last may be, or the last and none.
  case headerMisplaced(SectionID, offset: Int)

  /// A section does not start with the sync word.
  case syncWord(SectionID, offset: Int, found: [UInt8])
  /// A section's prefix and its directory row differ.
  case prefixDiffers(SectionID, String, offset: Int, directory: UInt64, prefix: UInt64)
  /// A section's description and payload do not give its hash.
  case sectionHash(SectionID, offset: Int, declared: UInt64, computed: UInt64)
  /// A section decodes to another number of bytes than it declares.
  case rawBytes(SectionID, offset: Int, declared: Int, found: Int)

  /// A record ends inside a field. Offsets of fields count from the start of the file for the header record and
  /// records in it, from the start of the decoded payload for records in a section.
  case fieldTruncated(record: String, offset: Int, needed: Int, remaining: Int)
  /// A field's tag is smaller than the one before it.
  case fieldOrder(record: String, tag: FieldTag, offset: Int, previous: FieldTag)
  /// A field occurs twice that may occur once.
  case duplicateField(record: String, tag: FieldTag, offset: Int)
  /// A record lacks a field that it must have; `offset` is the record's.
  case missingField(record: String, tag: FieldTag, offset: Int)
  /// A field's length does not fit its type; `unit` is the length, or what the length must be a multiple of.
  case fieldSize(record: String, tag: FieldTag, offset: Int, bytes: Int, unit: Int)
  /// A field that a reader must understand is not known to this one.
  case unknownRequiredField(record: String, tag: FieldTag, offset: Int)
  /// A field has flag bits that this version reserves.
  case reservedFieldFlags(record: String, tag: FieldTag, offset: Int, found: UInt16)
  /// A text is not UTF-8.
  case invalidText(record: String, tag: FieldTag, offset: Int)
  /// A field holds a value that its meaning does not allow.
  case fieldValue(record: String, tag: FieldTag, offset: Int, found: String, legal: String)

  /// The file has more sections than the limit.
  case tooManySections(count: Int, limit: Int)
  /// The header record is longer than the limit.
  case headerTooLarge(bytes: Int, limit: Int)
  /// A record has more fields than the limit; `count` takes in those that can be told apart.
  case tooManyFields(record: String, offset: Int, count: Int, limit: Int)
  /// A section declares more decoded bytes than the limit for what it stores.
  case rawBytesTooLarge(SectionID, offset: Int, declared: UInt64, limit: Int)
  /// All sections up to this one declare `declared` decoded bytes together, more than the limit.
  case totalRawBytesTooLarge(SectionID, offset: Int, declared: UInt64, limit: Int)

  /// The file is encrypted, and no key was given; `offset` is the seal's.
  case keyNeeded(offset: Int)
  /// The key is not the one that the file was encrypted with; `offset` is that of the value that tells.
  case wrongKey(offset: Int)
  /// An encrypted file has no seal before its header, or the section is a seal elsewhere, or in a file that is not
  /// encrypted.
  case sealMisplaced(SectionID, offset: Int)
  /// The seal has not the length that the file's number of sections asks for.
  case sealSize(offset: Int, bytes: Int, expected: Int)
  /// A section or, where it is the seal, the file's list of sections is not what was encrypted.
  case notAuthentic(SectionID, offset: Int)
}
