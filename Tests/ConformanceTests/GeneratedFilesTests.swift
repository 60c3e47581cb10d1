import CacheCodec
import Foundation
import TestSupport
import Testing

/// Files that the product writes decode alike in both decoders. `FKV_CONFORMANCE_FILES=5000` takes more of them,
/// `FKV_CONFORMANCE_FIRST=n` others.
@Suite struct GeneratedFilesTests {
  private static let wanted = ProcessInfo.processInfo.environment["FKV_CONFORMANCE_FILES"].flatMap(Int.init) ?? 320
  private static let first = ProcessInfo.processInfo.environment["FKV_CONFORMANCE_FIRST"].flatMap(UInt64.init) ?? 0
  private static let shares = 8

  @Test(arguments: 0..<shares) func bothDecodersFindTheSame(share: Int) throws {
    let scratch = ScratchFolder()
    var (files, integers, exact, bounded, unsuitable, worst) = (0, 0, 0, 0, 0, 0.0)
    for number in stride(from: share, to: Self.wanted, by: Self.shares) {
      let file = GeneratedFile(seed: Self.first + UInt64(number))
      do {
        let basis = try file.write(to: scratch.file("c.fkv"))
        do {
          let comparison = try Comparison(path: scratch.file("c.fkv"), basis: basis)
          if !comparison.differences.isEmpty {
            Issue.record("\(file): \(comparison.differences.prefix(5))")
          }
          files += 1
          integers += comparison.integers
          exact += comparison.exact
          bounded += comparison.bounded
          worst = max(worst, comparison.worstShare)
        } catch {
          Issue.record("\(file): \(error)")
        }
      } catch let error as CodecError {
        // A cache that the encoder says it cannot take.
        guard case .unsuitable = error else { throw error }
        unsuitable += 1
      }
    }
    #expect(files >= 8 * unsuitable, "\(files) files, \(unsuitable) refused")
    if Self.wanted > 320 {
      print(
        "share \(share): \(files) files, \(unsuitable) refused by the encoder, \(integers) integers, \(exact) exact, "
          + "\(bounded) bounded elements, at most \(worst) of the bound")
    }
  }
}
