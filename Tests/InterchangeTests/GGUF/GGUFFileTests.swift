import FileIO
import Foundation
import Interchange
import TestSupport
import Testing

struct GGUFFileTests {
  private let scratch = ScratchFolder()

  /// A small file with a value of most types and two tensors.
  static var sample: GGUFBuilder {
    var builder = GGUFBuilder()
    builder.add("general.architecture", "llama")
    builder.add("llama.block_count", UInt32(2))
    builder.add("some.signed", Int16(-3))
    builder.add("llama.rope.freq_base", Float(10_000))
    builder.add("some.flag", true)
    builder.add("tokenizer.ggml.tokens", ["a", "bc", ""])
    builder.add("tokenizer.ggml.token_type", [Int32(1), 2, 3])
    builder.addTensor("rope_freqs.weight", [1, 2, 4, 8])
    builder.addTensor("other.weight", [0.5])
    return builder
  }

  private func open(_ bytes: [UInt8]) throws -> GGUFFile {
    let path = scratch.file("a.gguf")
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try GGUFFile(path: path)
  }

  @Test func readsMetadataAndDirectory() throws {
    let file = try open(Self.sample.bytes)
    #expect(file.version == 3 && file.metadata.count == 7)
    #expect(file.string("general.architecture") == "llama")
    #expect(file.integer("llama.block_count") == 2 && file.integer("some.signed") == -3)
    #expect(file.number("llama.rope.freq_base") == 10_000 && file.bool("some.flag") == true)
    guard case .array(let array) = file.metadata["tokenizer.ggml.tokens"] else {
      Issue.record("not an array")
      return
    }
    #expect(array.elementType == .string && array.count == 3)
    #expect(file.tensors.map(\.name) == ["rope_freqs.weight", "other.weight"])
    #expect(file.dataOffset % 32 == 0 && file.tensors[0].offset == file.dataOffset)
    #expect(file.tensors[1].offset == file.dataOffset + 32)
    #expect(try file.floats(ofTensor: "rope_freqs.weight") == [1, 2, 4, 8])
    #expect(try file.floats(ofTensor: "absent") == nil)
    #expect(file.integer("general.architecture") == nil && file.string("llama.block_count") == nil)
  }

  @Test func everyTruncationIsRefused() throws {
    // The last tensor's four bytes are padded to 32; a file cut within that padding has lost nothing.
    let bytes = Self.sample.bytes
    for length in 0..<bytes.count - 28 {
      #expect(throws: GGUFError.self, "\(length) bytes") { try open(Array(bytes[..<length])) }
    }
    for length in bytes.count - 28...bytes.count {
      #expect(throws: Never.self, "\(length) bytes") { try open(Array(bytes[..<length])) }
    }
  }

  @Test func noFlippedBitTraps() throws {
    var bytes = Self.sample.bytes
    var refused = 0
    for bit in 0..<bytes.count * 8 {
      bytes[bit / 8] ^= 1 << (bit % 8)
      do {
        let file = try open(bytes)
        for tensor in file.tensors { _ = try file.floats(ofTensor: tensor.name) }
      } catch is GGUFError {
        refused += 1
      }
      bytes[bit / 8] ^= 1 << (bit % 8)
    }
    #expect(refused > 0)
  }

  @Test func namesWhatIsWrong() throws {
    let path = scratch.file("a.gguf")
    #expect(throws: GGUFError.notGGUF(path: path)) { try open(Array("PK\u{3}\u{4} a zip".utf8)) }
    #expect(throws: GGUFError.notGGUF(path: path)) { try open([]) }
    for version: UInt32 in [0, 1, 4, 0x0300_0000] {
      var builder = GGUFBuilder()
      builder.version = version
      #expect(throws: GGUFError.unsupportedVersion(path: path, found: version)) { try open(builder.bytes) }
    }
    var nested = GGUFBuilder()
    nested.entry("k", 9, GGUFBuilder.little(UInt32(9)) + GGUFBuilder.little(UInt64(0)))
    #expect(throws: GGUFError.invalidValueType(path: path, key: "k", found: 9)) { try open(nested.bytes) }
    var unknown = GGUFBuilder()
    unknown.entry("k", 13, [0, 0])
    #expect(throws: GGUFError.invalidValueType(path: path, key: "k", found: 13)) { try open(unknown.bytes) }
    var twice = GGUFBuilder()
    twice.add("k", "v")
    twice.add("k", "w")
    #expect(throws: GGUFError.duplicate(path: path, name: "k")) { try open(twice.bytes) }
    var tensorTwice = GGUFBuilder()
    tensorTwice.addTensor("t", [1])
    tensorTwice.addTensor("t", [1])
    #expect(throws: GGUFError.duplicate(path: path, name: "t")) { try open(tensorTwice.bytes) }
    var alignment = GGUFBuilder()
    alignment.add("general.alignment", UInt32(24))
    #expect(throws: GGUFError.invalidAlignment(path: path, found: 24)) { try open(alignment.bytes) }
    #expect(throws: FileError.self) { try GGUFFile(path: scratch.file("absent")) }
    #expect(throws: FileError.notRegular(path: scratch.path)) { try GGUFFile(path: scratch.path) }
  }

  @Test func countsAreCheckedAgainstTheFile() throws {
    let path = scratch.file("a.gguf")
    for count: UInt64 in [1, 1 << 32, .max / 13, .max] {
      var metadata = GGUFBuilder()
      metadata.declaredMetadata = count
      var tensors = GGUFBuilder()
      tensors.declaredTensors = count
      for bytes in [metadata.bytes, tensors.bytes] {
        #expect {
          try open(bytes)
        } throws: { error in
          guard case GGUFError.truncated(path, _, 24, _, 24) = error else { return false }
          return true
        }
      }
    }
    for length: UInt64 in [9, 1 << 40, .max] {
      for (type, head) in [(UInt32(8), []), (9, GGUFBuilder.little(UInt32(8))), (9, GGUFBuilder.little(UInt32(10)))] {
        var builder = GGUFBuilder()
        builder.entry("k", type, head + GGUFBuilder.little(length) + [0, 0, 0, 0])
        #expect(throws: GGUFError.self) { try open(builder.bytes) }
      }
    }
  }

  @Test func namesHaveALimit() throws {
    let path = scratch.file("a.gguf")
    var builder = GGUFBuilder()
    builder.add(String(repeating: "k", count: 65535), true)
    #expect(try open(builder.bytes).metadata.count == 1)
    builder.add(String(repeating: "l", count: 65536), true)
    #expect(
      throws: GGUFError.tooLong(
        path: path, what: "metadata key", offset: 24 + 8 + 65535 + 4 + 1, found: 65536, limit: 65535)
    ) { try open(builder.bytes) }
  }

  @Test func impossibleTensorsAreRefused() throws {
    let cases: [(dimensions: [UInt64], type: UInt32, offset: UInt64)] = [
      ([1, 1, 1, 1, 1], 0, 0), ([1 << 62, 4], 0, 0), ([.max], 0, 0), ([1 << 62], 0, 0), ([1], 0, .max),
      ([1], 0, 1 << 62), ([1], 0, 16), ([31], 2, 0), ([8], 0, 0),
    ]
    for (dimensions, type, offset) in cases {
      var builder = GGUFBuilder()
      builder.directory("t", dimensions, type, offset)
      #expect(throws: GGUFError.self, "\(dimensions) \(type) \(offset)") { try open(builder.bytes) }
    }
  }
}
