import Coding
import FKVFormat
import FileIO
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

/// Files that are damaged, and files that no honest writer makes although their checksums are right.
@Suite struct DamagedFileTests {
  private let scratch = ScratchFolder()
  private let cache = SyntheticCache.make(layers: 2, kvHeads: 1, groupSize: 2, tokens: 20, headDim: 4)

  private func bytes(_ method: CacheEncoder.Method) throws -> [UInt8] {
    _ = try CacheEncoder(method, writer: "test").encode(cache, to: scratch.file("good.fkv"))
    let file = try FileReader(path: scratch.file("good.fkv"))
    return try file.read(at: 0, count: file.byteCount)
  }

  /// Opens and decodes everything.
  private func decode(_ bytes: [UInt8]) throws {
    let path = scratch.file("bad.fkv")
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let file = try FKVCache(path: path)
    for layer in file.description.geometry.layers.indices {
      for kind in CacheKind.allCases { _ = try file.tensor(kind, layer: layer) }
    }
  }

  static let methods: [CacheEncoder.Method] = [
    .lossless, .fourier(SectionCases.parameters(reconstruction: .published)),
  ]

  @Test(arguments: 0..<2) func truncationsAreRefused(method: Int) throws {
    let bytes = try bytes(Self.methods[method])
    try decode(bytes)
    let boundaries = try FKVReader(path: scratch.file("good.fkv")).sections.flatMap {
      [$0.offset, $0.payloadOffset, $0.offset + $0.fileBytes]
    }
    for count in Set(boundaries + Array(stride(from: 0, to: bytes.count, by: 7))).sorted() {
      #expect(throws: FormatError.self, "\(count) of \(bytes.count) bytes") { try decode(Array(bytes[..<count])) }
    }
    #expect(throws: FormatError.self) { try decode(bytes + [0]) }
  }

  /// Nothing of the file is outside a checksum.
  @Test(arguments: 0..<2) func flippedBitsAreRefused(method: Int) throws {
    let bytes = try bytes(Self.methods[method])
    for place in stride(from: 0, to: bytes.count, by: 5) {
      var flipped = bytes
      flipped[place] ^= 1 << (place % 8)
      #expect(throws: FormatError.self, "byte \(place) of \(bytes.count)") { try decode(flipped) }
    }
  }

  @Test func emptyAndForeignFiles() {
    #expect(throws: FormatError.notFKV(found: [])) { try decode([]) }
    #expect(throws: FormatError.notFKV(found: Array("GGUF\u{3}\0\0\0".utf8))) {
      try decode(Array("GGUF\u{3}\0\0\0\0".utf8))
    }
  }

  /// Writes a file with right checksums of the sections that `edit` leaves, and opens it.
  private func open(
    tokens: Int? = 20, header: CacheHeader? = nil,
    _ edit: (inout [(kind: SectionKind, layer: Int, raw: Int, payload: [UInt8])]) -> Void = { _ in }
  ) throws -> FKVCache {
    var description = cache.description
    description.tokens = nil
    let header =
      header ?? CacheHeader(description: description, profile: .lossless, settings: [], writer: "", storedError: nil)
    var sections: [(kind: SectionKind, layer: Int, raw: Int, payload: [UInt8])] = []
    for layer in 0..<2 {
      for kind in CacheKind.allCases {
        let tensor = cache.tensor(kind, layer: layer)
        sections.append(
          (SectionKind.lossless(kind), layer, tensor.bytes.count, LosslessSection.encode(tensor)))
      }
    }
    edit(&sections)
    let writer = try FKVWriter(path: scratch.file("made.fkv"))
    if let tokens { try TokenSection.add(Array(repeating: 5, count: tokens), to: writer) }
    for section in sections {
      try writer.add(section.kind, layer: section.layer, rawBytes: section.raw, payload: section.payload)
    }
    try writer.commit(header: header.record)
    return try FKVCache(path: scratch.file("made.fkv"))
  }

  @Test func theFileItselfIsGood() throws {
    let file = try open()
    #expect(try file.tensor(.value, layer: 1) == cache.values[1])
    #expect(try open(tokens: nil).description.tokens == nil)
  }

  @Test func aMissingSection() {
    #expect(throws: CodecError.missingSection(layer: 1, kind: .key)) { try open { $0.remove(at: 2) } }
  }

  @Test func sectionsOfAnotherProfileDoNotCount() throws {
    #expect(throws: CodecError.missingSection(layer: 0, kind: .value)) {
      try open { $0[1].kind = .fourierValues }
    }
  }

  /// Raw bytes that are not the layer's are refused before anything is decoded.
  @Test(arguments: [0, 159, 161, 1 << 20]) func rawBytesAreHeldAgainstTheGeometry(declared: Int) throws {
    let error = #expect(throws: FormatError.self) { _ = try open { $0[0].raw = declared } }
    guard case .rawBytes(let id, _, declared, 160)? = error, id.kind == .losslessKeys, id.layer == 0 else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func fewerTokensThanALayerCaches() {
    #expect(
      throws: CodecError.badValue(
        place: "tokens", field: "count", declared: "19", allowed: "at least 20, as many as a layer caches")
    ) { try open(tokens: 19) }
  }

  @Test func payloadsThatAreNone() throws {
    let file = try open { $0[3].payload = [1, 2, 3] }
    #expect(throws: CodingError.truncated(part: "plane directory", offset: 0, needed: 10, available: 3)) {
      try file.tensor(.value, layer: 1)
    }
    #expect(try file.tensor(.key, layer: 1) == cache.keys[1])
  }
}
