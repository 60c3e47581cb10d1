import KVCacheModel

extension ModelFacts {
  /// The model's rotary embeddings with one of its two lists of LongRoPE factors; those of other models as they are.
  public func ropes(carrying choice: LongRope) -> [RotaryEmbedding] {
    ropes.indices.map { index in
      let rope = ropes[index]
      guard let own = rope.longRope, own != choice, otherRopes.indices.contains(index) else { return rope }
      return otherRopes[index] ?? rope
    }
  }
}
