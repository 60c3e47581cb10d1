import Foundation
import Interchange
import TestSupport
import Testing

struct ModelFingerprintTests {
  private let scratch = ScratchFolder()

  private func fingerprint(_ path: String) throws -> String { try ModelFingerprint.compute(try GGUFModel(path: path)) }

  private func fingerprint(_ bytes: [UInt8]) throws -> String {
    let path = scratch.file("a.gguf")
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try fingerprint(path)
  }

  @Test func isTheSameWholeSplitAndInAnyOrder() throws {
    var model = TinyModel()
    let whole = try fingerprint(model.write(to: scratch.file("whole.gguf")))
    #expect(whole.count == 34 && whole.hasPrefix("02") && whole.allSatisfy { $0.isHexDigit && !$0.isUppercase })
    #expect(try fingerprint(model.writeSplit(to: scratch.file("split"))) == whole)
    model.isReversed = true
    #expect(try fingerprint(model.write(to: scratch.file("reversed.gguf"))) == whole)
  }

  @Test func partsAreKnownByTheFirstOnesName() {
    let parts = (1...3).map { "a/m-0000\($0)-of-00003.gguf" }
    #expect(GGUFModel.paths(ofModelAt: parts[0]) == parts)
    for path in [
      parts[1], "m.gguf", "", "a/m-00001-of-00001.gguf", "-00001-of-99999.gguf", "m-00001-of-0000x.gguf",
      "m-1-of-3.gguf",
    ] {
      #expect(GGUFModel.paths(ofModelAt: path) == [path])
    }
  }

  @Test func coversTensorsOfAllParts() throws {
    var model = TinyModel()
    let first = model.writeSplit(to: scratch.file("a"))
    model.seed = 2
    let second = model.writeSplit(to: scratch.file("b"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: first)) == Data(contentsOf: URL(fileURLWithPath: second)))
    #expect(try fingerprint(first) != fingerprint(second))
    // The former scheme did not see that.
    #expect(
      try FormerModelFingerprint.compute(GGUFFile(path: first))
        == FormerModelFingerprint.compute(GGUFFile(path: second)))
  }

  @Test func changesWithMetadataAndEveryByteOfASmallTensor() throws {
    var bytes = GGUFFileTests.sample.bytes
    let whole = try fingerprint(bytes)
    let file = try GGUFFile(path: scratch.file("a.gguf"))
    for tensor in file.tensors {
      for index in tensor.offset..<tensor.offset + (try #require(tensor.byteCount)) {
        bytes[index] ^= 1
        #expect(try fingerprint(bytes) != whole, "\(tensor.name), byte \(index)")
        bytes[index] ^= 1
      }
    }
    // Bytes after the last tensor are none of the model's.
    #expect(try fingerprint(bytes + [0]) == whole)
    var renamed = GGUFFileTests.sample
    renamed.add("general.name", "x")
    #expect(try fingerprint(renamed.bytes) != whole)
  }

  @Test func samplesLargeTensorsFromFirstToLastByte() throws {
    var builder = GGUFBuilder()
    let count = 1 << 14
    builder.addTensor("s", [Float](repeating: 0, count: count))
    builder.addTensor("t", [Float](repeating: 0, count: count))
    var bytes = builder.bytes
    let whole = try fingerprint(bytes)
    let step = (count * 4 - ModelFingerprint.pieceBytes) / (ModelFingerprint.pieces - 1)
    for start in [bytes.count - count * 8, bytes.count - count * 4] {
      for offset in [0, 4095, step, step + 4095, 2 * step, count * 4 - 4096, count * 4 - 1] {
        bytes[start + offset] = 1
        #expect(try fingerprint(bytes) != whole, "offset \(offset)")
        bytes[start + offset] = 0
      }
      // Between two pieces nothing is read.
      bytes[start + 4096 + (step - 4096) / 2] = 1
      #expect(try fingerprint(bytes) == whole)
      bytes[start + 4096 + (step - 4096) / 2] = 0
    }
  }

  @Test func partsThatDoNotBelongAreRefused() throws {
    let model = TinyModel()
    _ = model.writeSplit(to: scratch.file("m"))
    let (first, second) = (scratch.file("m-00001-of-00002.gguf"), scratch.file("m-00002-of-00002.gguf"))
    #expect { try GGUFModel(path: second) } throws: { "\($0)".contains("part 2 of 2") }
    let lone = scratch.file("lone.gguf")
    try FileManager.default.copyItem(atPath: first, toPath: lone)
    #expect { try GGUFModel(path: lone) } throws: { "\($0)".contains("-00001-of-00002.gguf") }
    try FileManager.default.removeItem(atPath: second)
    #expect { try GGUFModel(path: first) } throws: { "\($0)".contains("m-00002-of-00002.gguf") }
    try FileManager.default.copyItem(atPath: first, toPath: second)
    #expect { try GGUFModel(path: first) } throws: { "\($0)".contains("it says that it is part 1") }
  }
}
