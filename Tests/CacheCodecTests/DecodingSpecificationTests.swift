import Coding
import Foundation
import Testing

@testable import CacheCodec

/// What formats/fkv.md says of the codec's errors and limits is what the code does.
@Suite struct DecodingSpecificationTests {
  private let text: String

  init() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    text = try String(contentsOf: root.appendingPathComponent("formats/fkv.md"), encoding: .utf8)
  }

  @Test func errorTable() {
    let listed = text.matches(of: #/(?m)^\| (\d\d) \| `([a-zA-Z]+)` \|/#).map { "\($0.output.1) \($0.output.2)" }
      .filter { $0 >= "55" && $0 < "90" }
    let coded =
      CodecError.Code.allCases.map { "\($0.rawValue) \($0)" } + CodingError.Code.allCases.map { "\($0.rawValue) \($0)" }
    #expect(listed == coded && coded.count == 19)
    #expect(Set(coded.map { $0.split(separator: " ")[1] }).count == coded.count)
  }

  @Test func codesOfCases() {
    let codec: [(CodecError, Int)] = [
      (.memoryLimit(place: "", needed: 1, allowed: 0), 55), (.workLimit(place: "", needed: 1, allowed: 0), 56),
      (.truncated(place: "", needed: 1, found: 0), 60), (.trailingBytes(place: "", count: 1), 61),
      (.badValue(place: "", field: "", declared: "", allowed: ""), 62), (.missingSection(layer: 0, kind: .key), 63),
      (.missingField(""), 64), (.unknownProfile(9), 65), (.unsuitable(""), 66), (.basisNeeded(hash: ""), 70),
      (.wrongBasis(needed: "", found: ""), 71), (.basisOfOtherModel(basis: "", cache: ""), 72), (.isBasisFile, 73),
      (.notBasisFile, 74),
    ]
    for (error, code) in codec { #expect(error.code.rawValue == code, "\(error)") }
    let coding: [(CodingError, Int)] = [
      (.truncated(part: "", offset: 0, needed: 1, available: 0), 80),
      (.unknownMethod(part: "", offset: 0, method: 9), 81),
      (.impossibleSize(part: "", declared: 0, least: 1, most: 1), 82), (.corrupt(part: "", offset: 0), 83),
      (.trailingBytes(offset: 0, count: 1), 84),
    ]
    for (error, code) in coding { #expect(error.code.rawValue == code, "\(error)") }
    #expect(codec.count == CodecError.Code.allCases.count && coding.count == CodingError.Code.allCases.count)
  }

  @Test func limitsSayBothNumbers() {
    #expect(
      CodecError.memoryLimit(place: "layer 3 keys", needed: 20, allowed: 10).description
        == "layer 3 keys: decoding takes 20 bytes of memory, the limit is 10")
    #expect(
      CodecError.workLimit(place: "layer 3 keys", needed: 20, allowed: 10).description
        == "layer 3 keys: decoding takes 20 steps of work, the limit is 10")
  }

  /// §2.4
  @Test func limits() {
    #expect(text.contains("| memory in bytes | the smaller of 32 GiB and 256 MiB + 4096 · s |"))
    #expect(text.contains("| work in steps | the smaller of 2⁴⁶ and 2³² / g + 2²⁰ · s |"))
    let allowed = DecodingLimits().allowance(storedBytes: 10, groups: 3)
    #expect(allowed == DecodingCost(memory: 256 << 20 + 40_960, work: (1 << 32) / 3 + 10 << 20))
    let large = DecodingLimits().allowance(storedBytes: 1 << 40, groups: 1)
    #expect(large == DecodingCost(memory: 32 << 30, work: 1 << 46))
    // Fourier transforms as the text counts them.
    #expect(DecodingCost.transforms(samples: 1000, length: 1000) == 16 * 1000 * 10)
  }
}
