import FKVFormat
import Foundation
import TestSupport
import Testing

/// formats/fkv.md and the code say the same.
@Suite struct SpecificationTests {
  private let text: String
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  init() throws {
    text = try String(contentsOf: root.appendingPathComponent("formats/fkv.md"), encoding: .utf8)
  }

  /// The lines of a chapter, from its heading to the next of the same or a higher rank.
  private func chapter(_ heading: String) -> [Substring] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let rank = heading.prefix { $0 == "#" }.count
    guard let start = lines.firstIndex(where: { $0.hasPrefix(heading + " ") }) else { return [] }
    return Array(
      lines[(start + 1)...].prefix { line in
        let hashes = line.prefix { $0 == "#" }.count
        return hashes == 0 || hashes > rank
      })
  }

  /// The cells of a chapter's table rows, without the head.
  private func rows(_ heading: String) -> [[String]] {
    chapter(heading).filter { $0.hasPrefix("|") && !$0.hasPrefix("|-") }.dropFirst().map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
  }

  /// Whether a number of §10 is the container's; the others are the codec's (DecodingSpecificationTests).
  private func isContainers(_ code: Int) -> Bool { code < 55 || code >= 90 }

  @Test func errorTable() {
    let listed = rows("## §10").map { [$0[0], $0[1]] }.filter { isContainers(Int($0[0])!) }
    let coded = FormatError.Code.allCases.map { ["\($0.rawValue)", "`\($0)`"] }
    #expect(listed == coded)
    #expect(coded.count == 40)
  }

  /// Every `11 mangledMagic` in the text is a code with its own name.
  @Test func errorsNamedInTheText() {
    let names = Dictionary(uniqueKeysWithValues: FormatError.Code.allCases.map { ("\($0)", $0.rawValue) })
    var mentioned: Set<String> = []
    for match in text.matches(of: #/\b(\d\d) `([a-zA-Z]+)`/#) where isContainers(Int(match.output.1)!) {
      let name = String(match.output.2)
      mentioned.insert(name)
      #expect(names[name] == Int(match.output.1), "\(match.output.0)")
    }
    // Those without a place in the tables: both are limits stated in §2.4 and §5.
    #expect(Set(names.keys).subtracting(mentioned) == ["tooManyFields"])
  }

  @Test func limits() {
    let grouped = rows("### §2.4").prefix(3).map { $0[1].filter { $0.isNumber } }
    #expect(grouped == [FormatLimits.sections, FormatLimits.headerBytes, FormatLimits.fields].map { "\($0)" })
    let limits = ReadingLimits()
    #expect(limits.sectionRawBytes == 8 << 30)
    #expect(limits.rawBytesFloor == 64 << 20)
    #expect(limits.expansion == 4096)
    #expect(limits.totalRawBytes == 1 << 40)
  }

  /// Every kind with a name is in the table of §7 under its number.
  @Test func sectionKinds() {
    let listed = rows("## §7").filter { $0[1].hasPrefix("`") }.map { "\($0[0]) \($0[1])" }
    let coded = SectionKind.names.sorted { $0.key.rawValue < $1.key.rawValue }.map {
      "\($0.key.rawValue) `\($0.value)`"
    }
    #expect(listed == coded)
  }

  /// Every § that sources and tests cite is a heading.
  @Test func citations() throws {
    let headings = Set(text.matches(of: #/(?m)^#+ (§[0-9A-Z]+(?:\.[0-9]+)?)/#).map { String($0.output.1) })
    var cited = 0
    for folder in ["Sources/FKVFormat", "Tests/FKVFormatTests"] {
      let url = root.appendingPathComponent(folder)
      for name in try FileManager.default.contentsOfDirectory(atPath: url.path) where name.hasSuffix(".swift") {
        let source = try String(contentsOf: url.appendingPathComponent(name), encoding: .utf8)
        for match in source.matches(of: #/§[0-9A]+(?:\.[0-9]+)?/#) {
          #expect(headings.contains(String(match.output)), "\(name) cites \(match.output)")
          cited += 1
        }
      }
    }
    for (name, source) in try sources() {
      for match in source.matches(of: #/formats\/fkv\.md (§[0-9A]+(?:\.[0-9]+)?)/#) {
        #expect(headings.contains(String(match.output.1)), "\(name) cites \(match.output.1)")
      }
    }
    for match in text.matches(of: #/§[0-9A]+(?:\.[0-9]+)?/#) { #expect(headings.contains(String(match.output))) }
    #expect(cited > 20)
  }

  /// Every Swift and C file of the product, by its path.
  private func sources() throws -> [(name: String, text: String)] {
    let folder = root.appendingPathComponent("Sources").path
    return try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
      .filter { $0.hasSuffix(".swift") || $0.hasSuffix(".c") || $0.hasSuffix(".h") }
      .map { ($0, try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)) }
  }

  /// Chapters of formats/coding.md that sources and formats/fkv.md name are headings there.
  @Test func citationsOfTheCodingChapters() throws {
    let coding = try String(contentsOf: root.appendingPathComponent("formats/coding.md"), encoding: .utf8)
    let headings = Set(coding.matches(of: #/(?m)^#+ (.+)$/#).map { String($0.output.1) })
    var cited: Set<String> = []
    for (name, source) in try sources() + [("formats/fkv.md", text)] {
      for match in source.matches(of: #/formats\/coding\.md`?,\s(?:\/\/\/ )?"([^"]+)"/#) {
        #expect(headings.contains(String(match.output.1)), "\(name) cites \(match.output.1)")
        cited.insert(String(match.output.1))
      }
    }
    #expect(cited == ["Byte planes", "Entropy-coded bytes", "Coefficient streams", "Coefficient tables"])
  }

  /// §A: the product writes the example, and the text shows its bytes.
  @Test func example() throws {
    let folder = ScratchFolder()
    let writer = try FKVWriter(path: folder.file("a.fkv"))
    try writer.add(
      SectionKind(rawValue: 0x7F01), layer: 0, tokens: 0..<2, rawBytes: 8, payload: [UInt8]([0xC0, 0x01, 0xCA, 0xFE]))
    var header = RecordWriter()
    header.string(0x7F01, "fkv")
    header.u32(0x7F02, 2, required: true)
    try writer.commit(header: header)
    let bytes = Array(try #require(FileManager.default.contents(atPath: folder.file("a.fkv"))))

    let shown = chapter("## §A").drop { $0 != "```hex" }.dropFirst().prefix { $0 != "```" }
    let expected = AnnotatedHex(bytes).lines
    #expect(shown.map(String.init) == expected, "the block should be:\n\(expected.joined(separator: "\n"))")
  }
}
