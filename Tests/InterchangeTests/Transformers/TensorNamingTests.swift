import KVCacheModel
import Testing

@testable import Interchange

@Suite struct TensorNamingTests {
  @Test(arguments: [
    ("layers.3.keys", 3, CacheKind.key), ("layers.3.values", 3, .value), ("layers.0.key", 0, .key),
    ("key_cache.12", 12, .key), ("value_cache.12", 12, .value), ("key_cache_7", 7, .key), ("k_0", 0, .key),
    ("v_10", 10, .value), ("K0", 0, .key), ("V0", 0, .value), ("layer0_k", 0, .key), ("past_key_values.4.key", 4, .key),
    ("past_key_values.4.value", 4, .value), ("present.4.key", 4, .key), ("past_key_values.4.0", 4, .key),
    ("past_key_values.4.1", 4, .value), ("0.1", 0, .value), ("layer_2.key_states", 2, .key),
    ("model.layers.5.self_attn.k", 5, .key),
  ])
  func known(name: String, layer: Int, kind: CacheKind) {
    #expect(TensorNaming(name) == TensorNaming(layer: layer, kind: kind), "\(name)")
  }

  @Test(arguments: [
    "", "keys", "0", "layers.0", "input_ids", "attention_mask", "0.2", "0.1.0", "layers.0.keys.1.values", "a.0.1.key",
    "keyed.0", "kv_cache.0", "model.0.layers.12.keys", "k_99999999999999999999", "k_70000", "monkey.0", "layers.-.key",
  ])
  func unknown(name: String) { #expect(TensorNaming(name) == nil, "\(name)") }

  /// A layer with a high number does not stand for those below it (found by fuzzing, as memory that a name asked for).
  @Test func layersThatAreSkipped() {
    let names = ["past_key_values.0.0", "past_key_values.0.1", "past_key_values.65536.0", "past_key_values.65536.1"]
    #expect(throws: ForeignError.missing(path: "p", what: "tensor for the keys of layer 1")) {
      try TensorNaming.layers(names, path: "p")
    }
  }
}
