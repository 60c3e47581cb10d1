import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

@Suite struct TorchTensorTests {
  private let folder = ScratchFolder()

  @Test func views() throws {
    let bytes = (0..<24).map(UInt8.init)
    func gathered(_ offset: Int, _ shape: [Int], _ strides: [Int]) throws -> [UInt8] {
      let view = try #require(StridedView(count: 24, offset: offset, shape: shape, strides: strides))
      return view.gathered(Array(bytes[view.span]), size: 1)
    }
    #expect(try gathered(0, [2, 3, 4], [12, 4, 1]) == bytes)
    #expect(try gathered(0, [4, 6], [1, 4]) == (0..<4).flatMap { row in (0..<6).map { UInt8(row + 4 * $0) } })
    #expect(try gathered(5, [2, 2], [10, 3]) == [5, 8, 15, 18])
    #expect(try gathered(23, [], []) == [23])
    #expect(try gathered(24, [0, 5], [5, 1]) == [])
    // A step that counts for nothing, since there is one element along it.
    #expect(try gathered(20, [1, 4], [1 << 60, 1]) == [20, 21, 22, 23])
    // The same elements, but not in order, over a span as long as the view.
    #expect(try gathered(0, [2, 2], [1, 2]) == [0, 2, 1, 3])
    #expect(try gathered(3, [2, 1, 2], [2, 7, 1]) == [3, 4, 5, 6])
  }

  @Test func viewsBeyondTheirStorage() {
    for (offset, shape, strides) in [
      (0, [25], [1]), (1, [24], [1]), (-1, [1], [1]), (0, [2], [24]), (0, [-1], [1]), (0, [2], [-1]), (0, [1, 2], [1]),
      (25, [0], [1]), (24, [], []), (0, [Int.max, 2], [1, 1]), (0, [3], [Int.max]), (Int.max, [2], [1]),
      // An element many times over: more than the storage holds.
      (0, [1000, 1000], [0, 0]), (0, [25], [0]), (0, Array(repeating: 1, count: 65), Array(repeating: 1, count: 65)),
    ] as [(Int, [Int], [Int])] {
      #expect(
        StridedView(count: 24, offset: offset, shape: shape, strides: strides) == nil, "\(offset) \(shape)")
    }
  }

  private func refuses(_ bytes: [UInt8], _ error: ForeignError, _ location: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: location) { try TorchCacheFile(path: folder.write(bytes)) }
  }

  @Test func archivesThatLie() throws {
    let path = folder.file("mutated")
    let cache = try TorchCacheFile(path: folder.write(TorchBuilder.cache()))
    #expect(cache.facts.layers == [.init(kvHeads: 2, headDim: 4, tokens: 3)])
    try readAll(cache)
    refuses(
      TorchBuilder.cache(storage: [UInt8](repeating: 0, count: 47)),
      .invalid(path: path, what: "ZIP entry \"a/data/0\"", expected: "48 bytes", found: "47"))
    refuses(TorchBuilder.cache(TorchBuilder.tensor(key: "1")), .missing(path: path, what: "ZIP entry \"a/data/1\""))
    refuses(
      TorchBuilder.cache(TorchBuilder.tensor("DoubleStorage", count: 24), storage: [UInt8](repeating: 0, count: 192)),
      .invalid(path: path, what: "ZIP entry \"a/data/0\"", expected: "48 bytes", found: "192"))
    let wide = TorchBuilder.tensor("DoubleStorage")
    refuses(
      TorchBuilder.cache(wide, wide, storage: [UInt8](repeating: 0, count: 192)),
      .unsupported(path: path, what: "the type of \"[0][0]\"", found: "F64"))
    refuses(
      TorchBuilder.cache(TorchBuilder.tensor(shape: [2, 3, 1, 4], strides: [12, 4, 4, 1])),
      .shape(
        path: path, tensor: "[0][0]", expected: "[1, heads, tokens, dims] or [heads, tokens, dims]",
        found: [2, 3, 1, 4]))
    refuses(TorchBuilder.cache(TorchBuilder.tensor(), Array("N".utf8)), .missing(path: path, what: "tensor [0][1]"))
    refuses(
      TorchBuilder.cache(others: [("a/byteorder", Array("big".utf8))]),
      .unsupported(path: path, what: "the byte order", found: "big"))
    refuses(
      TorchBuilder.cache(others: [("b/data.pkl", [])]),
      .notThisFormat(path: path, format: "a torch archive", reason: "it has no data.pkl"))
    refuses(
      TorchBuilder.archive([("data.pkl", [])]),
      .notThisFormat(path: path, format: "a torch archive", reason: "it has no data.pkl"))
    // An expanded tensor: 2³⁰ tokens out of one storage element.
    let expanded = TorchBuilder.tensor(shape: [1, 2, 1 << 30, 4], strides: [0, 0, 0, 0])
    #expect(throws: ForeignError.self) { try TorchCacheFile(path: folder.write(TorchBuilder.cache(expanded))) }
    #expect(throws: ForeignError.self) {
      try TorchCacheFile(path: folder.write(TorchBuilder.cache(TorchBuilder.tensor(count: .max))))
    }
  }
}
