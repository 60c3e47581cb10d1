import FKVFormat
import Foundation
import ReferenceDecoder
import TestSupport
import Testing

/// The second decoder is what it says: made from the text, and of nothing else.
@Suite struct ReferenceDecoderTests {
  private static let folder = Comparison.root.appendingPathComponent("Tests/ReferenceDecoder")

  private static func sources() throws -> [(name: String, text: String)] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "swift" }
      .map { ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
  }

  private static func text(_ name: String) throws -> String {
    try String(contentsOf: Comparison.root.appendingPathComponent("formats/\(name)"), encoding: .utf8)
  }

  /// The section ids of formats/fkv.md.
  static func sections() throws -> Set<String> {
    Set(try text("fkv.md").matches(of: #/(?m)^#+ (§[0-9A-Z][0-9.]*)/#).map { String($0.output.1) })
  }

  @Test func everyCitedSectionExists() throws {
    let ids = try Self.sections()
    #expect(ids.count > 40)
    let headings = Set(try Self.text("coding.md").matches(of: #/(?m)^##+ (.+)$/#).map { String($0.output.1) })
    var cited = 0
    for (name, source) in try Self.sources() {
      for match in source.matches(of: #/§[0-9A-Z]+(\.[0-9]+)*/#) {
        #expect(ids.contains(String(match.output.0)), "\(name): \(match.output.0)")
        cited += 1
      }
      for match in source.matches(of: #/(?:coding.md, |\/\/\/? )"([A-Z][^"]*)"/#) {
        #expect(headings.contains(String(match.output.1)), "\(name): \(match.output.1)")
      }
    }
    #expect(cited > 60)
  }

  @Test func itImportsFoundationAlone() throws {
    for (name, source) in try Self.sources() {
      let imports = source.split(separator: "\n").filter { $0.contains("import ") && !$0.contains("//") }
      #expect(imports.allSatisfy { $0 == "import Foundation" }, "\(name): \(imports)")
    }
  }

  /// Its hash against the library's, for every length that takes another way, and published values.
  @Test func itsHashIsXXH3() throws {
    #expect(XXH3.hash([]) == 0x2D06_8005_38D3_94C2)
    let scratch = ScratchFolder()
    var generator = RepeatableGenerator(seed: 3)
    for count in Array(0...300) + [511, 512, 513, 1024, 1025, 1088, 2048, 2049, 4097, 10_000] {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      try Data(bytes).write(to: URL(fileURLWithPath: scratch.file("x")))
      #expect(try FileHash.xxh3(of: scratch.file("x")).hash == XXH3.hash(bytes), "\(count) bytes")
    }
  }

  /// Its rounding against the hardware's.
  @Test func itsRoundingIsIEEE() {
    var generator = RepeatableGenerator(seed: 4)
    for _ in 0..<20_000 {
      let x = Double(Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator)))
      guard x.isFinite else { continue }
      #expect(Element.f32.rounded(x) == x)
      let half = Double(Float16(x))
      #expect(Element.f16.rounded(x) == (half.isFinite ? half : x < 0 ? -65504 : 65504))
    }
    #expect(Element.bf16.rounded(Double(Float(bitPattern: 0x3F80_8000))) == 1)
    #expect(Element.bf16.rounded(Double(Float(bitPattern: 0x3F81_8000))) == Double(Float(bitPattern: 0x3F82_0000)))
    #expect(Element.bf16.rounded(Double(Float.greatestFiniteMagnitude)) == .infinity)
  }
}
