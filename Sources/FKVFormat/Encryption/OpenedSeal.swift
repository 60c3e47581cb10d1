import FileIO

/// An encrypted file's seal, proved, for reading its sections.
struct OpenedSeal: Sendable {
  private let cipher: SectionCipher
  private let tags: [[UInt8]]
  private let numbers: [SectionID: Int]
  private let place: Int

  /// The seal of a file whose directory was read.
  ///
  /// - Throws: `FormatError.keyNeeded` without a key, what proving the seal throws; `FileError`.
  init(_ file: any ByteSource, _ directory: Directory, _ prologue: Prologue, _ key: FileKey?) throws {
    let entry = directory.sections[directory.sections.count - 2]
    guard let key else { throw FormatError.keyNeeded(offset: entry.offset) }
    try self.init(
      payload: FKVReader.storedBytes(of: entry, in: file), key: key, sections: directory.sections,
      numbers: directory.places, requiredFeatures: prologue.requiredFeatures,
      optionalFeatures: prologue.optionalFeatures)
  }

  /// - Parameters:
  ///   - payload: the seal's, its hash compared.
  ///   - sections: all of the file, the seal the last but one.
  /// - Throws: `FormatError.sealSize`, `.wrongKey`, `.notAuthentic` about the seal.
  init(
    payload: [UInt8], key: FileKey, sections: [SectionEntry], numbers: [SectionID: Int],
    requiredFeatures: RequiredFeatures, optionalFeatures: OptionalFeatures
  ) throws {
    place = sections.count - 2
    let entry = sections[place]
    let expected = Seal.byteCount(sections: sections.count)
    guard payload.count == expected else {
      throw FormatError.sealSize(offset: entry.offset, bytes: payload.count, expected: expected)
    }
    try entry.checkRawBytes(expected)
    let seal = Seal(parsing: payload)
    cipher = SectionCipher(key, salt: seal.salt)
    guard cipher.keyCheck == seal.keyCheck else {
      throw FormatError.wrongKey(offset: entry.payloadOffset + SectionCipher.saltBytes)
    }
    let proof = Seal.proof(of: sections, requiredFeatures: requiredFeatures, optionalFeatures: optionalFeatures)
    let covered = proof + seal.tags.flatMap { $0 }
    guard cipher.open([], tag: seal.fileTag, number: place, description: covered) != nil else {
      throw FormatError.notAuthentic(entry.id, offset: entry.offset)
    }
    tags = seal.tags
    self.numbers = numbers
  }

  /// The payload of a section's stored bytes; the seal's own is not closed.
  ///
  /// - Throws: `FormatError.notAuthentic`.
  func open(_ stored: [UInt8], of entry: SectionEntry) throws -> [UInt8] {
    guard entry.kind != .seal, let number = numbers[entry.id] else { return stored }
    let tag = tags[number < place ? number : number - 1]
    guard
      let payload = cipher.open(
        stored, tag: tag, number: number, description: SectionDescription(entry).hashedPart)
    else { throw FormatError.notAuthentic(entry.id, offset: entry.offset) }
    return payload
  }
}
