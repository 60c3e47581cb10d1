import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// What `llama_state_get_data` and `llama_state_seq_get_data` give, written to a file as it is.
@Suite struct LlamaStateBufferTests {
  private let scratch = ScratchFolder()
  private var path: String { scratch.file("a.raw") }

  /// A file's bytes without magic, version and tokens.
  private func body(_ bytes: [UInt8], tokens: Int = 3) -> [UInt8] { Array(bytes.dropFirst(12 + 4 * tokens)) }

  private func write(_ bytes: [UInt8]) throws -> FormatItem {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try FormatItem(path: path)
  }

  private var heads: SuppliedFacts {
    var supplied = SuppliedFacts()
    supplied.headDim = 2
    return supplied
  }

  private let marker: [UInt8] = [0xd8, 0x3c, 0x14, 0xaf, 0, 0, 0, 0]

  @Test(arguments: [2, 3, 4] as [UInt32]) func sequences(version: UInt32) throws {
    let rotation: (UInt32, UInt32)? = version == 4 ? (0, 0) : nil
    let file = LlamaStateBuilder(
      version: version, blobs: [.init(positions: [0, 1, 2], layers: 2, rotation: rotation)])
    for bytes in [body(file.bytes), marker + body(file.bytes)] {
      let item = try write(bytes)
      #expect(LlamaSequenceFormat().recognises(item) && !LlamaSessionFormat().recognises(item))
      let cache = try LlamaSequenceFormat().open(path, supplied: heads)
      #expect(cache.facts.layers.map(\.tokens) == [3, 3] && cache.facts.tokens == nil)
      #expect(cache.facts.provenance["source.version"]?.hasPrefix("buffer") == true)
      let whole = try write(file.bytes)
      let expected = try LlamaSequenceFormat().open(whole.path, supplied: heads)
      _ = try write(bytes)
      for layer in 0..<2 {
        let found = try LlamaSequenceFormat().open(path, supplied: heads).tensor(.key, layer: layer)
        _ = try write(file.bytes)
        #expect(try expected.tensor(.key, layer: layer) == found)
        _ = try write(bytes)
      }
    }
  }

  @Test func sessions() throws {
    let file = LlamaStateBuilder(
      magic: 0x6767_736e, version: 11, architecture: "qwen2",
      blobs: [.init(positions: [0, 1, 2], layers: 2, rotation: (0, 0))])
    let item = try write(body(file.bytes))
    #expect(LlamaSessionFormat().recognises(item) && !LlamaSequenceFormat().recognises(item))
    let facts = try LlamaSessionFormat().open(path, supplied: heads).facts
    #expect(facts.model.architecture == "qwen2" && facts.layers.map(\.tokens) == [3, 3])
  }

  /// What was named wrongly says what it is, a buffer or a file.
  @Test func theOtherContainerIsNamed() throws {
    let session = LlamaStateBuilder(
      magic: 0x6767_736e, version: 11, architecture: "qwen2",
      blobs: [.init(positions: [0, 1, 2], layers: 2, rotation: (0, 0))])
    let sequence = LlamaStateBuilder(version: 3, blobs: [.init(positions: [0, 1, 2], layers: 2)])
    func refused(_ format: any CacheFormat, _ bytes: [UInt8], _ found: String, _ name: String) throws {
      _ = try write(bytes)
      #expect(throws: LlamaStateError.otherContainer(path: path, found: found, name: name)) {
        try format.open(path, supplied: heads)
      }
    }
    try refused(LlamaSequenceFormat(), body(session.bytes), "session buffer", "llama-session")
    try refused(LlamaSequenceFormat(), session.bytes, "session file", "llama-session")
    for bytes in [body(sequence.bytes), marker + body(sequence.bytes)] {
      try refused(LlamaSessionFormat(), bytes, "sequence buffer", "llama-state")
    }
    try refused(LlamaSessionFormat(), sequence.bytes, "sequence file", "llama-state")
    let text = "\(LlamaStateError.otherContainer(path: "f", found: "session buffer", name: "llama-session"))"
    #expect(text == "f: a llama.cpp session buffer, which --from llama-session reads")
  }

  @Test func everyTruncationIsRefused() throws {
    let file = LlamaStateBuilder(version: 4, blobs: [.init(positions: [0, 1, 2], layers: 2, rotation: (0, 0))])
    for bytes in [body(file.bytes), marker + body(file.bytes)] {
      for length in 0..<bytes.count {
        _ = try write(Array(bytes[..<length]))
        #expect(throws: LlamaStateError.self) { try LlamaSequenceFormat().open(path, supplied: heads) }
      }
      _ = try write(bytes + [0])
      #expect(throws: LlamaStateError.self) { try LlamaSequenceFormat().open(path, supplied: heads) }
    }
  }

  @Test func noFlippedBitTraps() throws {
    let file = LlamaStateBuilder(
      magic: 0x6767_736e, version: 11, architecture: "llama",
      blobs: [.init(positions: [0, 1, 2], layers: 1, rotation: (0, 0))])
    for (format, start) in [
      (LlamaSessionFormat() as any CacheFormat, body(file.bytes)),
      (LlamaSequenceFormat(), marker + body(file.bytes).dropFirst(9)),
    ] {
      var bytes = start
      for bit in 0..<bytes.count * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8)
        let item = try write(bytes)
        _ = format.recognises(item)
        do { _ = try format.open(path, supplied: heads) } catch is LlamaStateError {
        } catch is FactConflict {
        } catch is MissingFacts {}
        bytes[bit / 8] ^= 1 << (bit % 8)
      }
    }
  }

  @Test func othersAreNotTakenForBuffers() throws {
    for bytes in [
      [UInt8](repeating: 0, count: 4096), [UInt8](repeating: 1, count: 4096), Array("some text, long enough".utf8),
    ] {
      let item = try write(bytes)
      #expect(!LlamaSequenceFormat().recognises(item) && !LlamaSessionFormat().recognises(item))
    }
  }
}
