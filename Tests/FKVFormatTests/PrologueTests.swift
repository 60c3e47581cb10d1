import FKVFormat
import TestSupport
import Testing

/// §3: every field of the prologue, wrong with a right hash.
@Suite struct PrologueTests {
  private let folder = ScratchFolder()

  private func error(_ value: some FixedWidthInteger, at offset: Int, sealed: Bool = true) throws -> FormatError? {
    try readingError(sampleFile.with(value, at: offset, sealed: sealed), in: folder)
  }

  @Test func magic() throws {
    var file = sampleFile
    file.bytes[0] = 0x09
    #expect(try readingError(file, in: folder) == .notFKV(found: [0x09, 0x46, 0x4B, 0x56, 0x0D, 0x0A, 0x1A, 0x0A]))
    file.bytes = Array("GGUF".utf8)
    #expect(try readingError(file, in: folder) == .notFKV(found: Array("GGUF".utf8)))
  }

  @Test func lineEnds() throws {
    var file = sampleFile
    file.bytes.remove(at: 4)
    #expect(
      try readingError(file, in: folder) == .mangledMagic(found: [0x89, 0x46, 0x4B, 0x56, 0x0A, 0x1A, 0x0A, 1]))
  }

  @Test func version() throws {
    for version: UInt32 in [0, 2, .max] {
      #expect(try error(version, at: 8) == .unsupportedVersion(version, supported: 1))
    }
  }

  @Test func requiredFeatures() throws {
    // Bit 0 is known (§15), and then asks for sections that are encrypted.
    #expect(try error(UInt32(1), at: 12)?.code == .reservedFlags)
    for bit in 1..<32 {
      let bits: UInt32 = 1 << UInt32(bit)
      #expect(try error(bits, at: 12) == .unknownFeatures(unknown: RequiredFeatures(rawValue: bits)))
    }
  }

  @Test func optionalFeaturesAreIgnored() throws {
    for bit in 0..<32 { #expect(try error(UInt32(1) << UInt32(bit), at: 16) == nil) }
  }

  @Test func reserved() throws {
    #expect(try error(UInt32(5), at: 20) == .prologueField("reserved", offset: 20, found: 5, expected: 0))
  }

  @Test func fileBytes() throws {
    let count = UInt64(sampleFile.bytes.count)
    for wrong in [0, count - 1, count + 1, .max] {
      #expect(try error(wrong, at: 24) == .fileSize(declared: wrong, found: count))
    }
  }

  @Test func headerOffset() throws {
    for wrong: UInt64 in [0, 64, 164, 166, .max] {
      #expect(
        try error(wrong, at: 32) == .prologueField("header_offset", offset: 32, found: wrong, expected: 165))
    }
  }

  @Test func headerBytes() throws {
    // One byte more moves the place where the header would have to start by one.
    let bytes = UInt32(sampleFile.headerBytes)
    #expect(
      try error(bytes + 1, at: 40) == .prologueField("header_offset", offset: 32, found: 165, expected: 164))
    #expect(
      try error(UInt32(0xFFFF_FFFF), at: 40) == .headerTooLarge(bytes: 0xFFFF_FFFF, limit: FormatLimits.headerBytes))
  }

  @Test func headerLongerThanTheFile() throws {
    let expected = UInt64(64 + 48 + 16_777_216)
    #expect(
      try error(UInt32(16_777_216), at: 40)
        == .prologueField(
          "directory_offset", offset: 48, found: UInt64(sampleFile.directoryOffset), expected: expected))
  }

  @Test func directoryBytes() throws {
    for wrong: UInt32 in [0, 1, 55, 57, .max] {
      #expect(try error(wrong, at: 44) == .directorySize(bytes: wrong, rowBytes: 56))
    }
    #expect(
      try error(UInt32(56 << 20) + 56, at: 44)
        == .tooManySections(count: FormatLimits.sections + 1, limit: FormatLimits.sections))
  }

  @Test func directoryOffset() throws {
    let right = UInt64(sampleFile.directoryOffset)
    for wrong in [0, right - 1, right + 1, .max] {
      #expect(
        try error(wrong, at: 48) == .prologueField("directory_offset", offset: 48, found: wrong, expected: right))
    }
  }

  @Test func metadataHash() throws {
    #expect(
      try error(UInt64(1), at: 56, sealed: false)
        == .metadataHash(offset: 56, declared: 1, computed: sampleFile.metadataHash))
  }
}
