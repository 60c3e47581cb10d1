import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

@Suite struct RawCacheTests {
  private let folder = ScratchFolder()
  private static let sizes: [Character: Int] = ["L": 2, "C": 2, "H": 3, "T": 5, "D": 4]

  /// All numbers of the samples in the order of those axes.
  private func file(_ letters: String, _ type: ElementType) -> String {
    var indices: [[Character: Int]] = [[:]]
    for letter in letters {
      indices = indices.flatMap { index in
        (0..<Self.sizes[letter]!).map { index.merging([letter: $0]) { $1 } }
      }
    }
    let numbers = indices.map {
      ForeignSamples.number(
        $0["C"] == 0 ? .key : .value, layer: $0["L"] ?? 0, head: $0["H"]!, position: $0["T"]!, dim: $0["D"]!)
    }
    return folder.write(ElementCoding.encode(numbers, as: type), as: letters)
  }

  private func supplied(_ letters: String?, _ type: ElementType? = .float16, shape: [Int]? = nil) -> SuppliedFacts {
    var supplied = SuppliedFacts()
    supplied.axes = letters
    supplied.elementType = type
    supplied.shape = shape ?? letters?.map { Self.sizes[$0] ?? 1 }
    return supplied
  }

  @Test(
    arguments: ["LCHTD", "LCTHD", "CLTHD", "TLCHD", "LHTDC", "DTHCL", "CHTD", "THDC", "LTCHD"], ElementType.allCases)
  func anyOrder(letters: String, type: ElementType) throws {
    let cache = try RawCache(path: file(letters, type), supplied: supplied(letters, type))
    let layers = letters.contains("L") ? 2 : 1
    #expect(cache.facts.layers == Array(repeating: .init(kvHeads: 3, headDim: 4, tokens: 5), count: layers))
    #expect(cache.facts.keyType == type && cache.facts.keyConvention == nil && cache.facts.ropes == nil)
    try ForeignSamples.check(cache)
  }

  @Test func whatIsMissing() {
    let path = file("LCHTD", .float16)
    #expect(throws: MissingFacts(path: path, facts: [.shape, .elementType, .axes])) {
      try RawCache(path: path, supplied: SuppliedFacts())
    }
    #expect(throws: MissingFacts(path: path, facts: [.elementType])) {
      try RawCache(path: path, supplied: supplied("LCHTD", nil))
    }
  }

  @Test func whatDoesNotFit() {
    let path = file("LCHTD", .float16)
    func refuses(
      _ letters: String, _ shape: [Int]? = nil, _ type: ElementType = .float16, what: String, expected: String,
      found: String, _ location: SourceLocation = #_sourceLocation
    ) {
      #expect(
        throws: ForeignError.invalid(path: path, what: what, expected: expected, found: found),
        sourceLocation: location
      ) { try RawCache(path: path, supplied: supplied(letters, type, shape: shape)) }
    }
    for letters in ["LCHT", "LCHTT", "LCHTX", "LCHTDD", "LHTD", "", "lchtd"] {
      refuses(
        letters, what: "--layout", expected: "the letters C, H, T and D, and L, once each for \(letters.count) axes",
        found: letters)
    }
    refuses(
      "LCHTD", [2, 2, 3, 5], what: "--layout",
      expected: "the letters C, H, T and D, and L, once each for 4 axes", found: "LCHTD")
    for shape in [
      [2, 2, 3, 5, 5], [2, 2, 3, 5, 0], [2, 2, 3, -5, -4], [1 << 40, 1 << 40, 1, 1, 1], [.max, 2, 1, 1, 1],
    ] {
      refuses(
        "LCHTD", shape, what: "--shape", expected: "a product of 240 for 480 bytes",
        found: shape.map(String.init).joined(separator: ","))
    }
    refuses(
      "LCHTD", nil, .float32, what: "--shape", expected: "a product of 120 for 480 bytes", found: "2,2,3,5,4")
    refuses(
      "LCHTD", [2, 3, 2, 5, 4], what: "--shape", expected: "2 along C, and lengths that a cache can have",
      found: "2,3,2,5,4")
    #expect(!RawFormat().recognises(try! FormatItem(path: path)))
  }
}
