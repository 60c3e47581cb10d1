import FourierKV
import KVCacheModel
import TestSupport
import Testing

@testable import Commands

@Suite struct CacheMismatchTests {
  private let cache = SyntheticCache.make(layers: 2, tokens: 12).description

  private func mismatch(_ edit: (inout CacheDescription) -> Void) -> CacheMismatch? {
    var reference = cache
    edit(&reference)
    do {
      try CacheMismatch.check(cache, against: reference)
      return nil
    } catch { return error as? CacheMismatch }
  }

  @Test func equalDescriptionsMatch() {
    #expect(mismatch { _ in } == nil)
    // What nobody knows is no difference; names may change with the file's.
    #expect(mismatch { $0.tokens = nil } == nil)
    #expect(mismatch { $0.model.fingerprint = "" } == nil)
    #expect(mismatch { $0.model.name = "renamed" } == nil)
  }

  @Test func everyDifferenceHasItsError() {
    #expect(
      mismatch { $0.model.fingerprint = "ff" } == .model(cache: "synthetic (1)", reference: "synthetic (ff)"))
    #expect(mismatch { $0.geometry.layers.removeLast() } == .layerCount(cache: 2, reference: 1))
    let tokens = cache.tokens!
    #expect(
      mismatch { $0.tokens![7] = -1 } == .token(index: 7, cache: tokens[7], reference: -1))
    #expect(mismatch { $0.tokens!.append(1) } == .tokenCount(cache: 12, reference: 13))
    #expect(
      mismatch { $0.geometry.layers[1].headDim = 32 }
        == .layer(1, cache: "4/2 heads × 12 tokens × 16", reference: "4/2 heads × 12 tokens × 32"))
    #expect(
      mismatch { $0.geometry.layers[0].slidingWindow = 3 }
        == .layer(0, cache: "4/2 heads × 12 tokens × 16", reference: "4/2 heads × 12 tokens × 16, window 3"))
    #expect(
      mismatch { $0.geometry.layers[0].firstPosition = 3 }
        == .layer(
          0, cache: "4/2 heads × 12 tokens × 16", reference: "4/2 heads × 12 tokens × 16 from position 3"))
    #expect(mismatch { $0.valueType = .float32 } == .elementType(.value, cache: "F16", reference: "F32"))
  }
}
