import KVCacheModel

/// Whose layout a file's keys have, where it is not the file but the program that settles it.
///
/// Programs rotate keys by the same angles but may pair elements differently: llama.cpp's converter permutes the query
/// and key weights of the llama family, so that llama.cpp rotates elements (2i, 2i+1) where Transformers rotates
/// (i, i + n/2). The caches then differ by that permutation of each head, and by nothing else.
public enum KeyConvention: String, Hashable, Sendable, CaseIterable {
  /// llama.cpp's caches.
  case llamaCpp = "llama.cpp"
  /// Transformers' caches; those of mlx-lm, vLLM and LMCache, which keep its weights as they are.
  case transformers

  /// The pairs that keys of an architecture rotate under this convention; nil for an architecture that is not in the
  /// table. Names are those of GGUF files, and Transformers' `model_type` where it differs.
  ///
  /// Source: `llama_model_rope_type` (llama-model.cpp) and which converters permute (conversion/*.py, `permute`);
  /// `rotate_half` or the pairwise form in Transformers' modeling files.
  public func pairing(architecture: String) -> RotaryEmbedding.Pairing? {
    if Self.permuted.contains(architecture) { return self == .llamaCpp ? .interleaved : .halfSplit }
    if Self.interleaved.contains(architecture) { return .interleaved }
    if Self.halfSplit.contains(architecture) { return .halfSplit }
    return nil
  }

  /// Interleaved in llama.cpp, half-split in Transformers.
  static let permuted: Set<String> = [
    "llama", "mistral", "mixtral", "mistral3", "deci", "baichuan", "internlm2", "minicpm", "xverse", "olmo", "arctic",
    "deepseek", "granite", "granitemoe", "chameleon", "bailingmoe", "smollm3", "arcee", "llada", "nanbeige",
  ]
  /// Interleaved in both.
  static let interleaved: Set<String> = [
    "llama4", "llama4_text", "command-r", "cohere", "cohere2", "chatglm", "glm", "glm4", "ernie4_5", "ernie4_5-moe",
    "ernie4_5_moe",
  ]
  /// Half-split in both.
  static let halfSplit: Set<String> = [
    "falcon", "gptneox", "gpt_neox", "stablelm", "qwen2", "qwen2moe", "qwen2_moe", "qwen3", "qwen3moe", "qwen3_moe",
    "olmo2", "olmoe", "phi2", "phi", "phi3", "phimoe", "gemma", "gemma2", "gemma3", "gemma3_text", "starcoder2",
    "openelm", "orion", "nemotron", "exaone", "exaone4", "gpt-oss", "gpt_oss", "seed_oss", "apertus", "hunyuan-dense",
    "hunyuan-moe", "dots1", "dbrx", "bitnet", "glm4moe", "glm4_moe", "minimax-m2",
  ]
}
