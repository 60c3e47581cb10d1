import Foundation
import Testing

@testable import CacheCodec

@Suite struct AttentionBlockCodesTests {
  /// The step grows with (ā / a)^½, from 1 to 4, in eighths of an octave.
  @Test func codesFollowAttention() {
    let plan = SegmentPlan(SpectralCases.parameters(block: 4, sinks: 2, window: 6, segment: 16), tokens: 45)
    #expect(plan.segments.map(\.rows.count) == [16, 16, 5, 6])
    // Blocks of the body hold 1, 2, … of attention a token, in two layers together; the block of none at the end.
    let blocks = (0..<37).map { Float($0 / 4) }
    let mass = [9, 9] + blocks.map { $0 == 9 ? 0 : ($0 + 1) / 2 } + Array(repeating: 100, count: 6)
    let codes = AttentionBlockCodes.codes(masses: [mass, mass], plan: plan, blockLength: 4)
    #expect(codes.map(\.count) == [4, 4, 2, 0])
    let means = (1...10).map { $0 == 10 ? 0.0 : Double($0) }
    let mean = means.reduce(0, +) / 10
    let expected = means.map { a in
      UInt8((8 * log2(a == 0 ? 4 : min(max((mean / a).squareRoot(), 1), 4))).rounded())
    }
    #expect(codes.flatMap { $0 } == expected)
    #expect(expected.first == 9 && expected.last == 16 && expected[5] == 0)
  }

  @Test func withoutProbeQueriesThereAreNone() {
    let plan = SegmentPlan(SpectralCases.parameters(), tokens: 100)
    #expect(AttentionBlockCodes.codes(masses: [], plan: plan, blockLength: 16).isEmpty)
  }

  /// Nobody was listened to: every step is coarse.
  @Test func noAttentionAtAll() {
    let plan = SegmentPlan(SpectralCases.parameters(window: 0), tokens: 36)
    let codes = AttentionBlockCodes.codes(
      masses: [Array(repeating: 0, count: 36)], plan: plan, blockLength: 16)
    #expect(codes == [[16, 16]])
  }
}
