import FKVFormat
import TestSupport

/// A kind that no version of the format gives a meaning.
let sampleKind = SectionKind(rawValue: 0x7F01)
let sampleID = SectionID(sampleKind)
let headerID = SectionID(.header)

/// A small file with every kind of thing in it: two sections, one of them optional, unknown and empty, and a header of
/// two fields. Sections at 64, 117 and 165 (the header).
let sampleFile = PlainFile(
  [
    PlainSection(layer: 3, index: 2, firstToken: 4, tokenCount: 6, rawBytes: 9, payload: [1, 2, 3, 4, 5]),
    PlainSection(kind: 0x7F02, flags: 0x0100),
  ],
  header: plainField(5, flags: 1, little(UInt32(7))) + plainField(9, Array("eins".utf8)),
  optionalFeatures: 0x8000_0000)

/// Opens a file of these bytes and reads every section of it; returns the reader.
@discardableResult
func readAll(
  _ file: PlainFile, in folder: ScratchFolder, limits: ReadingLimits = ReadingLimits(),
  knownKinds: Set<SectionKind> = [sampleKind]
) throws -> FKVReader {
  let path = folder.file("a.fkv")
  try file.write(to: path)
  let reader = try FKVReader(path: path, limits: limits, knownKinds: knownKinds)
  for section in reader.sections { _ = try reader.payload(of: section) }
  return reader
}

/// The error that opening the file or reading one of its sections throws; nil if none does.
func readingError(
  _ file: PlainFile, in folder: ScratchFolder, limits: ReadingLimits = ReadingLimits(),
  knownKinds: Set<SectionKind> = [sampleKind]
) throws -> FormatError? {
  do {
    try readAll(file, in: folder, limits: limits, knownKinds: knownKinds)
    return nil
  } catch let error as FormatError {
    return error
  }
}
