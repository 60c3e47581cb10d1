import FKVFormat
import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct FileHashTests {
  private let scratch = ScratchFolder()

  private func hash(_ bytes: [UInt8]) throws -> (hash: UInt64, bytes: Int) {
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.file("f")))
    return try FileHash.xxh3(of: scratch.file("f"))
  }

  /// Expected values are those of `xxhsum -H3` (xxHash 0.8.1).
  @Test func knownHashes() throws {
    #expect(try hash([]) == (0x2D06_8005_38D3_94C2, 0))
    #expect(try hash(Array("fkv".utf8)) == (0x0E86_DA85_FE12_247D, 3))
    // Longer than a piece.
    #expect(try hash((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }) == (0xCC1D_34E5_C239_5968, 3_000_000))
  }

  @Test func filesThatCannotBeRead() throws {
    #expect(throws: FileError.system(operation: "open", path: scratch.file("none"), code: ENOENT)) {
      try FileHash.xxh3(of: scratch.file("none"))
    }
    #expect(throws: FileError.notRegular(path: scratch.path)) { try FileHash.xxh3(of: scratch.path) }
  }
}
