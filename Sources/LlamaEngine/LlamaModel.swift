import CLlama
import FileIO
import Interchange
import KVCacheModel

/// A model that llama.cpp has loaded. Immutable, so any number of sessions and threads may use it at once.
public final class LlamaModel: @unchecked Sendable {
  /// The model's name, architecture and fingerprint.
  public let identity: ModelIdentity
  /// The model file's metadata and tensor directory.
  public let gguf: GGUFFile
  /// The context length that the model was trained for, in tokens.
  public let trainingContext: Int
  /// The number of token ids, which run from 0.
  public let vocabularySize: Int
  /// L.
  public let layerCount: Int
  let handle: OpaquePointer
  let vocabulary: OpaquePointer

  /// Loads the GGUF file at `path`.
  ///
  /// The file's directory is checked by fkv's own reader before llama.cpp sees it.
  ///
  /// - Throws: `FileError` if the file cannot be read, `GGUFError` if it is not GGUF or is truncated,
  ///   `EngineError.invalidMetadata` if it says what no model can, `EngineError.unsupportedModel` if the model's cache is not plain attention, `EngineError.modelNotLoaded` if
  ///   llama.cpp refuses it.
  public init(path: String) throws {
    gguf = try GGUFFile(path: path)
    let architecture = gguf.string("general.architecture") ?? ""
    if let reason = Self.refusal(of: gguf, architecture: architecture) {
      throw EngineError.unsupportedModel(architecture: architecture, reason: reason)
    }
    try Self.checkMetadata(of: gguf, architecture: architecture)
    Backend.prepare()
    guard let handle = llama_model_load_from_file(path, llama_model_default_params()) else {
      throw EngineError.modelNotLoaded(path: path, log: Backend.errorLine)
    }
    guard let vocabulary = llama_model_get_vocab(handle), Self.refusal(of: handle) == nil else {
      let reason = Self.refusal(of: handle) ?? "it has no vocabulary"
      llama_model_free(handle)
      throw EngineError.unsupportedModel(architecture: architecture, reason: reason)
    }
    self.handle = handle
    self.vocabulary = vocabulary
    trainingContext = Int(llama_model_n_ctx_train(handle))
    vocabularySize = Int(llama_vocab_n_tokens(vocabulary))
    layerCount = Int(llama_model_n_layer(handle))
    do {
      identity = ModelIdentity(
        name: gguf.string("general.name") ?? "", architecture: architecture,
        fingerprint: try ModelFingerprint.compute(gguf))
    } catch {
      llama_model_free(handle)
      throw error
    }
  }

  deinit { llama_model_free(handle) }
}
