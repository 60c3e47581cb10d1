import Foundation
import Interchange
import TestSupport
import Testing

struct FormerModelFingerprintTests {
  private let scratch = ScratchFolder()

  private func fingerprint(_ bytes: [UInt8]) throws -> String {
    let path = scratch.file("a.gguf")
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try FormerModelFingerprint.compute(try GGUFFile(path: path))
  }

  @Test func isTheSameForTheSameBytes() throws {
    let bytes = GGUFFileTests.sample.bytes
    let first = try fingerprint(bytes)
    #expect(first.count == 32 && first.allSatisfy { $0.isHexDigit && !$0.isUppercase })
    #expect(try fingerprint(bytes) == first)
  }

  @Test func changesWithEveryByteOfASmallFile() throws {
    var bytes = GGUFFileTests.sample.bytes
    let whole = try fingerprint(bytes)
    let dataStart = bytes.count - 64
    for index in dataStart..<bytes.count {
      bytes[index] ^= 1
      #expect(try fingerprint(bytes) != whole)
      bytes[index] ^= 1
    }
    #expect(try fingerprint(bytes + [0]) != whole)
    var renamed = GGUFFileTests.sample
    renamed.add("general.name", "x")
    #expect(try fingerprint(renamed.bytes) != whole)
  }

  @Test func samplesLargeDataFromFirstToLastByte() throws {
    var builder = GGUFBuilder()
    let count = 1 << 18
    builder.addTensor("t", [Float](repeating: 0, count: count))
    var bytes = builder.bytes
    let start = bytes.count - count * 4
    let whole = try fingerprint(bytes)
    let step = (count * 4 - FormerModelFingerprint.pieceBytes) / (FormerModelFingerprint.pieces - 1)
    for offset in [0, 4095, step, step + 4095, count * 4 - 4096, count * 4 - 1] {
      bytes[start + offset] = 1
      #expect(try fingerprint(bytes) != whole, "offset \(offset)")
      bytes[start + offset] = 0
    }
    // Between two pieces nothing is read.
    bytes[start + 4096 + (step - 4096) / 2] = 1
    #expect(try fingerprint(bytes) == whole)
  }
}
