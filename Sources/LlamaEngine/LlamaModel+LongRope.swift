import Interchange
import KVCacheModel

extension LlamaModel {
  /// The context, in tokens, whose rotary factors a session must take to go on from a cache without turning its keys; nil
  /// where any will do.
  public func ropeContext(of cache: CacheDescription) -> Int? {
    guard let longRope, cache.longRope == .long else { return nil }
    return longRope.originalContext + 1
  }

  /// The tokens that an engine's context must have to hold `contextTokens` and to take the rotary factors that belong to a
  /// context of `ropeContext`: of a LongRoPE model one more than its original context is enough for the long ones.
  func engineTokens(contextTokens: Int, ropeContext: Int?) -> Int {
    guard let longRope, let ropeContext,
      LongRopeFactors.choice(context: ropeContext, originalContext: longRope.originalContext) == .long
    else { return contextTokens }
    return max(contextTokens, longRope.originalContext + 1)
  }
}
