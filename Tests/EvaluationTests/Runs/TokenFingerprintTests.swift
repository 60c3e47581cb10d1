import Evaluation
import Testing

@Suite struct TokenFingerprintTests {
  /// FNV-1a's published values: of nothing, and of the byte "a" followed by three bytes that are 0, worked out by hand
  /// from the definition.
  @Test func theHashIsFNV1a() {
    #expect(TokenFingerprint(of: []).hash == 0xCBF2_9CE4_8422_2325)
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte: UInt64 in [0x61, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF] { hash = (hash ^ byte) &* 1_099_511_628_211 }
    #expect(TokenFingerprint(of: [0x61, -2]).hash == hash)
  }

  @Test func textsDiffer() {
    let all = [[], [0], [0, 0], [1], [1, 0], [0, 1], [256]].map { TokenFingerprint(of: $0) }
    #expect(Set(all.map(\.hash)).count == all.count)
    #expect("\(TokenFingerprint(of: []))" == "0 tokens, cbf29ce484222325")
    #expect("\(TokenFingerprint(of: [5]))".count == "1 tokens, ".count + 16)
  }
}
