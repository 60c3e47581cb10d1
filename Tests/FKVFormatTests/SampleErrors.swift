import FKVFormat

/// One error of each kind and the line that it prints.
let sampleErrors: [(FormatError, String)] = {
  let section = SectionID(SectionKind(rawValue: 0x7F01), layer: 3, index: 2)
  return [
    (
      .notFKV(found: [0x47, 0x47]),
      "not an fkv file: it starts with 47 47, an fkv file with 89 46 4b 56 0d 0a 1a 0a"
    ),
    (
      .mangledMagic(found: [0x89, 0x46, 0x4B, 0x56, 0x0A, 0x1A, 0x0A, 1]),
      "the file starts with 89 46 4b 56 0a 1a 0a 01 instead of 89 46 4b 56 0d 0a 1a 0a: "
        + "a transfer in text mode changed its line ends"
    ),
    (.prologueTruncated(fileBytes: 9, expected: 64), "the file ends inside the prologue: 9 of 64 bytes"),
    (
      .unsupportedVersion(2, supported: 1), "the file is of format version 2, this reader knows version 1"
    ),
    (
      .unknownFeatures(unknown: RequiredFeatures(rawValue: 0x81)),
      "the file needs features that this reader lacks: bits 0x00000081"
    ),
    (.fileSize(declared: 100, found: 99), "the prologue declares a file of 100 bytes, found 99"),
    (
      .prologueField("header_offset", offset: 32, found: 7, expected: 64),
      "prologue field header_offset at byte 32 is 7, expected 64"
    ),
    (
      .metadataHash(offset: 56, declared: 1, computed: 0xAB),
      "prologue, header and directory are damaged: hash at byte 56 declares 0x0000000000000001, "
        + "computed 0x00000000000000ab"
    ),
    (.directorySize(bytes: 57, rowBytes: 56), "the directory has 57 bytes, expected a positive multiple of 56"),
    (
      .sectionMisplaced(section, declared: 7, expected: 64),
      "section kind-0x7f01 layer 3 #2 is declared at byte 7, expected at 64, where the one before it ends"
    ),
    (
      .sectionBeyondEnd(section, offset: 64, storedBytes: 99, end: 100),
      "section kind-0x7f01 layer 3 #2 at byte 64 declares 99 bytes, but sections end at byte 100"
    ),
    (
      .unknownRequiredSection(section, offset: 64),
      "section kind-0x7f01 layer 3 #2 at byte 64 is required and of a kind that this reader does not know"
    ),
    (
      .reservedFlags(section, offset: 64, found: SectionFlags(rawValue: 2)),
      "section kind-0x7f01 layer 3 #2 at byte 64 has reserved flags: 0x0002"
    ),
    (.duplicateSection(section, offset: 64), "section kind-0x7f01 layer 3 #2 at byte 64 is in the file already"),
    (
      .tokenRange(section, offset: 64, first: 9, count: 0xFFFF_FFFF),
      "section kind-0x7f01 layer 3 #2 at byte 64 declares 4294967295 tokens from 9 on, which passes 2^32 - 1"
    ),
    (
      .directoryField(section, "reserved", offset: 200, found: 3, expected: 0),
      "section kind-0x7f01 layer 3 #2: directory field reserved in the row at byte 200 is 3, expected 0"
    ),
    (
      .headerMisplaced(SectionID(.header), offset: 64),
      "section header at byte 64: the last section and no other must be the header"
    ),
    (
      .syncWord(section, offset: 64, found: [0, 1, 2, 3]),
      "section kind-0x7f01 layer 3 #2 at byte 64 starts with 00 01 02 03, expected f6 53 45 43"
    ),
    (
      .prefixDiffers(section, "layer", offset: 64, directory: 3, prefix: 4),
      "section kind-0x7f01 layer 3 #2 at byte 64: layer is 3 in the directory, 4 in the section's prefix"
    ),
    (
      .sectionHash(section, offset: 64, declared: 1, computed: 2),
      "section kind-0x7f01 layer 3 #2 at byte 64 is damaged: declared hash 0x0000000000000001, "
        + "computed 0x0000000000000002"
    ),
    (
      .rawBytes(section, offset: 64, declared: 8, found: 7),
      "section kind-0x7f01 layer 3 #2 at byte 64 declares 8 decoded bytes, found 7"
    ),
    (
      .fieldTruncated(record: "header", offset: 112, needed: 17, remaining: 8),
      "header record ends inside the field at byte 112: it needs 17 bytes, 8 remain"
    ),
    (
      .fieldOrder(record: "header", tag: 4, offset: 112, previous: 5),
      "header record: field 0x0004 at byte 112 follows field 0x0005, expected rising tags"
    ),
    (
      .duplicateField(record: "header", tag: 4, offset: 112),
      "header record: field 0x0004 at byte 112 is there already"
    ),
    (.missingField(record: "header", tag: 4, offset: 112), "header record at byte 112 lacks field 0x0004"),
    (
      .fieldSize(record: "header", tag: 4, offset: 112, bytes: 5, unit: 4),
      "header record: field 0x0004 at byte 112 has 5 bytes, its type takes 4 each"
    ),
    (
      .unknownRequiredField(record: "header", tag: 4, offset: 112),
      "header record: field 0x0004 at byte 112 is required and not known to this reader"
    ),
    (
      .reservedFieldFlags(record: "header", tag: 4, offset: 112, found: 0x80),
      "header record: field 0x0004 at byte 112 has reserved flags: 0x0080"
    ),
    (
      .invalidText(record: "header", tag: 4, offset: 112), "header record: field 0x0004 at byte 112 is not UTF-8"
    ),
    (
      .fieldValue(record: "header", tag: 4, offset: 112, found: "9", legal: "1...3"),
      "header record: field 0x0004 at byte 112 is 9, expected 1...3"
    ),
    (.tooManySections(count: 9, limit: 8), "the file has 9 sections, the limit is 8"),
    (.headerTooLarge(bytes: 9, limit: 8), "the header record has 9 bytes, the limit is 8"),
    (
      .tooManyFields(record: "header", offset: 112, count: 9, limit: 8),
      "header record at byte 112 has 9 fields, the limit is 8"
    ),
    (
      .rawBytesTooLarge(section, offset: 64, declared: 9, limit: 8),
      "section kind-0x7f01 layer 3 #2 at byte 64 declares 9 decoded bytes, the limit for its size is 8"
    ),
    (
      .totalRawBytesTooLarge(section, offset: 64, declared: 9, limit: 8),
      "the sections up to kind-0x7f01 layer 3 #2 at byte 64 declare 9 decoded bytes, the limit is 8"
    ),
    (
      .keyNeeded(offset: 64),
      "the file is encrypted, and no key was given: name its file with --key-file, or set FKV_KEY"
    ),
    (.wrongKey(offset: 144), "the file is encrypted with another key"),
    (
      .sealMisplaced(section, offset: 64),
      "section kind-0x7f01 layer 3 #2 at byte 64: the seal of an encrypted file is the last section before its header"
    ),
    (
      .sealSize(offset: 64, bytes: 9, expected: 80),
      "the seal at byte 64 has 9 bytes, expected 80 for the file's sections"
    ),
    (
      .notAuthentic(section, offset: 64),
      "section kind-0x7f01 layer 3 #2 at byte 64 is not what was encrypted: its bytes or its place in the file were "
        + "changed"
    ),
  ]
}()
