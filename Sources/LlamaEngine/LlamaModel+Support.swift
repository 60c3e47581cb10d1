import CLlama
import Interchange

extension LlamaModel {
  /// The most layers that llama.cpp has room for (LLAMA_MAX_LAYERS).
  private static let mostLayers = 512

  /// Checks the metadata values over which llama.cpp does not fail but ends the process.
  ///
  /// - Throws: `EngineError.invalidMetadata` naming the first.
  static func checkMetadata(of gguf: GGUFFile, architecture: String) throws {
    func check(_ name: String, _ isValid: (Double) -> Bool) throws {
      let key = "\(architecture).\(name)"
      guard let found = gguf.number(key), !isValid(found) else { return }
      throw EngineError.invalidMetadata(path: gguf.path, key: key, found: "\(found)")
    }
    try check("block_count") { $0 >= 1 && $0 <= Double(mostLayers) }
    for name in ["layer_norm_epsilon", "layer_norm_rms_epsilon", "group_norm_epsilon"] {
      try check("attention.\(name)") { $0 >= 0 && $0.isFinite }
    }
    for name in ["freq_base", "freq_base_swa"] { try check("rope.\(name)") { $0 > 0 && $0.isFinite } }
  }

  /// Why the model in a GGUF file cannot be captured, told by its metadata alone; nil if nothing speaks against it.
  ///
  /// What a graph must show (each layer one attention over a cache of its own) is checked by `AttentionLayout`.
  static func refusal(of gguf: GGUFFile, architecture: String) -> String? {
    func has(_ suffix: String) -> Bool { gguf.metadata["\(architecture).\(suffix)"] != nil }
    func hasAny(_ prefix: String) -> Bool {
      gguf.metadata.keys.contains { $0.hasPrefix("\(architecture).\(prefix)") }
    }
    if gguf.string("general.type") == "adapter" { return "the file is an adapter, not a model" }
    if hasAny("ssm.") || hasAny("wkv.") || hasAny("shortconv.") || hasAny("kda.") {
      return "its layers keep a recurrent state, which is not a key-value cache"
    }
    if has("attention.kv_lora_rank") || has("attention.key_length_mla") {
      return "it caches latent vectors (multi-head latent attention) instead of keys and values"
    }
    if hasAny("attention.indexer.") { return "its sparse attention keeps an index next to keys and values" }
    if gguf.bool("\(architecture).attention.causal") == false { return "its attention is not causal (an encoder)" }
    let headCount = gguf.integer("\(architecture).attention.head_count") ?? 0
    let derived = headCount > 0 ? (gguf.integer("\(architecture).embedding_length") ?? 0) / headCount : 0
    let keyLength = gguf.integer("\(architecture).attention.key_length") ?? derived
    let valueLength = gguf.integer("\(architecture).attention.value_length") ?? derived
    if keyLength != valueLength { return "its keys have \(keyLength) dimensions and its values \(valueLength)" }
    return nil
  }

  /// Why llama.cpp itself says that the model has another cache than keys and values; nil if it does not.
  static func refusal(of handle: OpaquePointer) -> String? {
    if llama_model_is_recurrent(handle) { return "it is recurrent and has no key-value cache" }
    if llama_model_is_hybrid(handle) { return "its layers are partly recurrent" }
    if llama_model_is_diffusion(handle) { return "it is a diffusion model; its attention is not causal" }
    if llama_model_has_encoder(handle) { return "it has an encoder" }
    if !llama_model_has_decoder(handle) { return "it has no decoder" }
    return nil
  }
}
