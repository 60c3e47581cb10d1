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
      .filter { $0 >= "55" && !$0.hasPrefix("6") }
    let coded =
      CodecError.Code.allCases.map { "\($0.rawValue) \($0)" } + CodingError.Code.allCases.map { "\($0.rawValue) \($0)" }
    #expect(listed == coded && coded.count == 19)
    #expect(Set(coded.map { $0.split(separator: " ")[1] }).count == coded.count)
  }

  @Test func codesOfCases() {
    let codec: [(CodecError, Int)] = [
      (.memoryLimit(place: "", needed: 1, allowed: 0), 55), (.workLimit(place: "", needed: 1, allowed: 0), 56),
      (.truncated(place: "", needed: 1, found: 0), 70), (.trailingBytes(place: "", count: 1), 71),
      (.badValue(place: "", field: "", declared: "", allowed: ""), 72), (.missingSection(layer: 0, kind: .key), 73),
      (.missingField(""), 74), (.unknownProfile(9), 75), (.unsuitable(""), 76), (.basisNeeded(hash: ""), 80),
      (.wrongBasis(needed: "", found: ""), 81), (.basisOfOtherModel(basis: "", cache: ""), 82), (.isBasisFile, 83),
      (.notBasisFile, 84),
    ]
    for (error, code) in codec { #expect(error.code.rawValue == code, "\(error)") }
    let coding: [(CodingError, Int)] = [
      (.truncated(part: "", offset: 0, needed: 1, available: 0), 90),
      (.unknownMethod(part: "", offset: 0, method: 9), 91),
      (.impossibleSize(part: "", declared: 0, least: 1, most: 1), 92), (.corrupt(part: "", offset: 0), 93),
      (.trailingBytes(offset: 0, count: 1), 94),
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
