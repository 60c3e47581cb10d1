import FileIO
import KVCacheModel

/// The two lists of rotary factors of a LongRoPE model: `rope_factors_short.weight` and `rope_factors_long.weight`.
public struct LongRopeFactors: Hashable, Sendable {
  /// What each pair's frequency is divided by.
  public let short: [Float]
  public let long: [Float]
  /// The longest context, in tokens, for which the short ones apply.
  public let originalContext: Int

  /// The factors of a model; nil if it has none, if they are equal, or if `rope_freqs.weight` takes their place, as
  /// llama.cpp lets it (`llama_model::get_rope_factors`).
  ///
  /// - Throws: `GGUFError.invalidTensor` if they are not F32; `FileError` if reading failed.
  public init?(_ model: GGUFModel) throws {
    guard !model.hasTensor(named: "rope_freqs.weight"),
      let short = try model.floats(ofTensor: "rope_factors_short.weight"),
      let long = try model.floats(ofTensor: "rope_factors_long.weight"), short != long
    else { return nil }
    let architecture = model.first.string("general.architecture") ?? ""
    let original =
      model.first.integer("\(architecture).rope.scaling.original_context_length")
      ?? model.first.integer("\(architecture).context_length") ?? 0
    guard original > 0 else { return nil }
    self.short = short
    self.long = long
    originalContext = original
  }

  /// Which factors llama.cpp takes in a context of `context` tokens, which it rounds up to a multiple of 256.
  public static func choice(context: Int, originalContext: Int) -> LongRope {
    (context + 255) / 256 * 256 > originalContext ? .long : .short
  }

  /// The list that a graph's factors are; nil if they are neither.
  public func choice(of factors: [Float]) -> LongRope? {
    if Array(short.prefix(factors.count)) == factors { return .short }
    return Array(long.prefix(factors.count)) == factors ? .long : nil
  }

  /// One of the lists.
  public func factors(_ choice: LongRope) -> [Float] { choice == .short ? short : long }
}
