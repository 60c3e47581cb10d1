import FileIO
import Foundation
import Interchange
import TestSupport
import Testing

struct LlamaStateFileTests {
  private let scratch = ScratchFolder()
  private var path: String { scratch.file("a.state") }

  private func open(_ bytes: [UInt8]) throws -> LlamaStateFile {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try LlamaStateFile(path: path)
  }

  /// One file of every layout that is read.
  static var samples: [(LlamaStateBuilder, LlamaStateFormat)] {
    typealias Blob = LlamaStateBuilder.Blob
    return [
      (
        LlamaStateBuilder(blobs: [Blob(positions: [0, 1, 2], layers: 2)]),
        LlamaStateFormat(container: .sequence, version: 3)
      ),
      (
        LlamaStateBuilder(version: 4, blobs: [Blob(positions: [2, 0, 1], layers: 2, rotation: (64, 0))]),
        LlamaStateFormat(container: .sequence, version: 4)
      ),
      (
        LlamaStateBuilder(blobs: [
          Blob(positions: [0, 1, 2], layers: 1), Blob(positions: [1, 2], layers: 2, isTransposed: true),
        ]),
        LlamaStateFormat(container: .sequence, version: 3, blobCount: 2)
      ),
      (
        LlamaStateBuilder(blobs: [Blob(positions: [0, 1, 2], layers: 1, cellExtension: [5, 5, 9])]),
        LlamaStateFormat(container: .sequence, version: 3, cellExtensionBytes: 12)
      ),
      (
        LlamaStateBuilder(
          magic: 0x6767_736e, version: 10, architecture: "llama",
          blobs: [Blob(positions: [0, 1, 2], layers: 2, isTransposed: true)]),
        LlamaStateFormat(container: .session, version: 10)
      ),
      (
        LlamaStateBuilder(version: 2, blobs: [Blob(positions: [0, 1, 2], layers: 2, streams: 4, stream: 2)]),
        LlamaStateFormat(container: .sequence, version: 2)
      ),
      (
        LlamaStateBuilder(version: 2, blobs: [Blob(positions: [0, 1, 2], layers: 2, streams: nil, isUnnamed: true)]),
        LlamaStateFormat(container: .sequence, version: 2, hasStreamCount: false)
      ),
      (
        LlamaStateBuilder(version: 2, blobs: [Blob(positions: [0, 1, 2], layers: 1, cellExtension: [5, 5])]),
        LlamaStateFormat(container: .sequence, version: 2, cellExtensionBytes: 8)
      ),
      (
        LlamaStateBuilder(
          magic: 0x6767_736e, version: 9, architecture: "qwen2vl",
          blobs: [Blob(positions: [0, 1, 2], sequences: [0, 1, 0], layers: 2, streams: nil)]),
        LlamaStateFormat(container: .session, version: 9, hasStreamCount: false)
      ),
      (
        LlamaStateBuilder(
          magic: 0x6767_736e, version: 9, architecture: "llama", outputs: (2, 6, 1),
          blobs: [Blob(positions: [0, 1, 2], layers: 2, isTransposed: true)]),
        LlamaStateFormat(container: .session, version: 9, hasOutputs: true)
      ),
    ]
  }

  @Test(arguments: samples.indices) func readsEveryLayout(_ index: Int) throws {
    let (builder, format) = Self.samples[index]
    let state = try open(builder.bytes)
    #expect(state.format == format)
    #expect(state.tokens == [7, 8, 9] && state.architecture == builder.architecture)
    let streams = zip(state.memories, builder.blobs).map { $0[Int($1.stream)] }
    #expect(state.memories.map { UInt32($0.count) } == builder.blobs.map { $0.streams ?? 1 })
    #expect(streams.map(\.positions) == builder.blobs.map(\.positions))
    #expect(streams.map(\.keys.count) == builder.blobs.map(\.layers))
    #expect(streams[0].rotation == (index == 1 ? LlamaCellRotation(key: 64, value: 0) : nil))
    #expect(state.sequences == (index == 8 ? [0, 1] : [0]))
  }

  @Test(arguments: samples.indices) func everyTruncationIsRefusedAndWhatFollowsIsPassedOver(_ index: Int) throws {
    let (builder, format) = Self.samples[index]
    let bytes = builder.bytes
    for length in 0..<bytes.count {
      // Between its two blobs a file ends as one with a single blob does.
      if let state = try? open(Array(bytes[..<length])) {
        #expect(format.blobCount == 2 && state.format.blobCount == 1, "\(length) bytes")
      }
    }
    for count in [1, 7, 8, 9, 600] {
      for byte: UInt8 in [0, 0x41] {
        let followed = bytes + [UInt8](repeating: byte, count: count)
        // Fewer than eight bytes may be the start of a second memory; old layouts are told by the file's end alone.
        guard format.hasStreamCount, format.blobCount == 2 || count >= 8 else {
          #expect(throws: LlamaStateError.self) { try open(followed) }
          continue
        }
        let state = try open(followed)
        #expect(state.trailingBytes == count && state.memories.count == format.blobCount)
      }
    }
  }

  @Test(arguments: samples.indices) func noFlippedBitTraps(_ index: Int) throws {
    var bytes = Self.samples[index].0.bytes
    for bit in 0..<bytes.count * 8 {
      bytes[bit / 8] ^= 1 << (bit % 8)
      do { _ = try open(bytes) } catch is LlamaStateError {}
      bytes[bit / 8] ^= 1 << (bit % 8)
    }
  }

  @Test func namesWhatIsWrong() throws {
    #expect(throws: LlamaStateError.notStateFile(path: path)) { try open([]) }
    #expect(throws: LlamaStateError.notStateFile(path: path)) { try open(Array("GGUF".utf8)) }
    for version: UInt32 in [0, 1, 5] {
      let builder = LlamaStateBuilder(version: version, blobs: [])
      #expect(throws: LlamaStateError.unsupportedVersion(path: path, container: "sequence", found: version)) {
        try open(builder.bytes)
      }
    }
    let negative = LlamaStateBuilder(blobs: [.init(positions: [-1], layers: 1)])
    #expect(
      throws: LlamaStateError.invalidField(path: path, what: "cell position", offset: 32, found: 0xffff_ffff)
    ) { try open(negative.bytes) }
  }

  @Test func countsAreCheckedAgainstTheFile() throws {
    func header(_ fields: UInt32...) -> [UInt8] {
      [0x6767_7371, 3].flatMap { GGUFBuilder.little(UInt32($0)) } + fields.flatMap { GGUFBuilder.little($0) }
    }
    for count: UInt32 in [1, 1 << 20, .max] {
      // Tokens; cells; layers of one cell.
      for bytes in [header(count), header(0, 1, count), header(0, 1, 1, 0, 1, 0, 0, count)] {
        #expect {
          try open(bytes)
        } throws: { error in
          guard case LlamaStateError.truncated(_, _, _, _, bytes.count) = error else { return false }
          return true
        }
      }
    }
    // A row size that overflows with the number of cells.
    let row = header(0, 1, 1, 0, 1, 0, 0, 1, 1, .max, .max, 0, 0, 0)
    #expect(throws: LlamaStateError.self) { try open(row) }
  }
}
