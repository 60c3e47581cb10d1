import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

@Suite struct LMCacheHostileTests {
  private let folder = ScratchFolder()

  private func chunk(_ fields: [Int32], bytes: Int) -> [UInt8] {
    fields.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) } + [UInt8](repeating: 0, count: bytes)
  }

  private func refuses(
    _ bytes: [UInt8], _ error: (String) -> ForeignError, _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: error(folder.file("mutated")), sourceLocation: location) {
      try LMCacheChunk(path: folder.write(bytes))
    }
  }

  @Test func everyField() throws {
    let right: [Int32] = [96, 1, 2, 2, 2, 3, 4]
    #expect(throws: Never.self) { try LMCacheChunk(path: folder.write(chunk(right, bytes: 96))) }
    func with(_ index: Int, _ value: Int32) -> [UInt8] {
      var fields = right
      fields[index] = value
      return chunk(fields, bytes: 96)
    }
    for length: Int32 in [0, 95, 97, -96, .max, .min] {
      refuses(with(0, length)) {
        .invalid(path: $0, what: "length (byte 0)", expected: "96 for shape [2, 2, 3, 4]", found: "\(length)")
      }
    }
    for (format, name) in [
      (0, "UNDEFINED"), (2, "KV_T2D"), (3, "KV_2TD"), (4, "BINARY"), (6, "KV_MLA_FMT"), (8, "HS_TD"),
    ] {
      refuses(with(1, Int32(format))) { .unsupported(path: $0, what: "the memory format", found: name) }
    }
    for format: Int32 in [-1, 9, .max] {
      refuses(with(1, format)) {
        .invalid(path: $0, what: "memory format (byte 4)", expected: "0…8", found: "\(format)")
      }
    }
    for type: Int32 in [-1, 0, 5, 6, 7, 8, 9, .max] {
      refuses(with(2, type)) { .unsupported(path: $0, what: "the dtype code (byte 8)", found: "\(type)") }
    }
    for (index, value) in [(3, 1), (3, 3), (3, -2), (4, 0), (4, -1), (5, 0), (5, -3), (6, 0), (6, .min)]
      as [(Int, Int32)]
    {
      var shape = right[3...].map(Int.init)
      shape[index - 3] = Int(value)
      refuses(with(index, value)) {
        .shape(path: $0, tensor: "chunk", expected: "[2, layers, tokens, heads · dims]", found: shape)
      }
    }
    // 2 · 65536 · (2³¹ − 1)² · 2 bytes: more than 64 bits count.
    refuses(chunk([96, 1, 2, 2, 65_536, .max, .max], bytes: 96)) {
      .shape(
        path: $0, tensor: "chunk", expected: "[2, layers, tokens, heads · dims]",
        found: [2, 65_536, Int(Int32.max), Int(Int32.max)])
    }
    for count in [0, 95, 97] {
      refuses(chunk(right, bytes: count)) {
        .invalid(path: $0, what: "file length", expected: "124", found: "\(28 + count)")
      }
    }
    for count in 0..<28 {
      refuses(Array(chunk(right, bytes: 0)[..<count])) {
        .truncated(path: $0, what: "chunk header", offset: 0, wanted: 28, fileBytes: count)
      }
    }
  }

  @Test func damagedFiles() throws {
    var supplied = SuppliedFacts()
    supplied.kvHeads = 2
    let mutations = ForeignMutations(read: { [supplied] in try readAll(LMCacheCache(path: $0, supplied: supplied)) })
    let bytes = try ForeignSamples.bytes("lmcache/half/org-SEP-tiny@1@0@-41a140c01bf2a4ea@half.data")
    #expect(mutations.opens(bytes, "whole"))
    mutations.truncated(bytes, at: 0..<bytes.count)
    let outcome = mutations.mutated(bytes, count: 400, in: 0..<28, seed: 5)
    #expect(outcome.refused > outcome.taken)
  }

  @Test func foldersThatDoNotFit() throws {
    func chunks(_ names: [String]) throws -> String {
      let path = folder.file("f")
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for name in names { _ = folder.write(chunk([96, 1, 2, 2, 2, 3, 4], bytes: 96), as: "f/\(name)") }
      return path
    }
    var supplied = SuppliedFacts()
    supplied.kvHeads = 2
    supplied.tokens = [1, 2, 3]
    func refuses(_ names: [String], _ error: (String) -> ForeignError, _ location: SourceLocation = #_sourceLocation)
      throws
    {
      let path = try chunks(names)
      #expect(throws: error(path), sourceLocation: location) { try LMCacheCache(path: path, supplied: supplied) }
    }
    try refuses([]) {
      .notThisFormat(path: $0, format: "a folder of LMCache chunks", reason: "it has no .data file")
    }
    try refuses(["x.data"]) { .unsupported(path: $0, what: "a file", found: "named \"x.data\"") }
    try refuses(["a@1@0@1@half.data", "b@1@0@1@half.data"]) {
      .unsupported(path: $0, what: "the folder", found: "of several models, workers or types of number")
    }
    let numbered = try chunks(["0.data", "1.data"])
    #expect(try LMCacheCache(path: numbered, supplied: SuppliedFacts.heads(2)).facts.layers[0].tokens == 6)
    _ = folder.write(chunk([48, 1, 2, 2, 1, 3, 4], bytes: 48), as: "f/1.data")
    #expect(
      throws: ForeignError.invalid(
        path: "\(numbered)/1.data", what: "the chunk", expected: "2 layers of 4 F16", found: "1 of 4 F16")
    ) { try LMCacheCache(path: numbered, supplied: supplied) }
    let sidecar = try chunks(["0.data"])
    _ = folder.write(Array("[]".utf8), as: "f/fkv-cache.json")
    #expect(
      throws: ForeignError.invalid(
        path: "\(sidecar)/fkv-cache.json", what: "metadata \"fkv\"", expected: "a JSON object of texts", found: "[]")
    ) { try LMCacheCache(path: sidecar, supplied: supplied) }
  }
}

extension SuppliedFacts {
  static func heads(_ count: Int) -> SuppliedFacts {
    var supplied = SuppliedFacts()
    supplied.kvHeads = count
    return supplied
  }
}
