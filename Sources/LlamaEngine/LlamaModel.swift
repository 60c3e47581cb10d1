import CLlama
import FileIO
import Interchange
import KVCacheModel

/// A model that llama.cpp has loaded. Immutable, so any number of sessions and threads may use it at once.
public final class LlamaModel: @unchecked Sendable {
  /// The model's name, architecture and fingerprint.
  public let identity: ModelIdentity
  /// The fingerprint of scheme 1, which caches have that were made before there was another.
  public let formerFingerprint: String
  /// The two lists of rotary factors of a LongRoPE model; nil for others.
  public let longRope: LongRopeFactors?
  /// The files that the model lies in.
  public let files: GGUFModel
  /// The metadata, and the tensor directory of the first file.
  public var gguf: GGUFFile { files.first }
  /// The context length that the model was trained for, in tokens.
  public let trainingContext: Int
  /// The number of token ids, which run from 0.
  public let vocabularySize: Int
  /// L.
  public let layerCount: Int
  let handle: OpaquePointer
  let vocabulary: OpaquePointer

  /// Loads the GGUF file at `path`, with the other parts of a split model.
  ///
  /// The files' directories are checked by fkv's own reader before llama.cpp sees them, and a model that was not seen
  /// before is tried in a process of its own (`ModelProbe`).
  ///
  /// - Throws: `FileError` if a file cannot be read, `GGUFError` if it is not GGUF, is truncated or no part that fits,
  ///   `EngineError.invalidMetadata` if it says what no model can, `EngineError.unsupportedModel` if the model's cache is
  ///   not plain attention, `EngineError.modelEndsProcess` if llama.cpp ends the process over it,
  ///   `EngineError.modelNotLoaded` if llama.cpp refuses it.
  public init(path: String) throws {
    files = try GGUFModel(path: path)
    let gguf = files.first
    let architecture = gguf.string("general.architecture") ?? ""
    if let reason = Self.refusal(of: gguf, architecture: architecture) {
      throw EngineError.unsupportedModel(architecture: architecture, reason: reason)
    }
    try Self.checkMetadata(of: gguf, architecture: architecture)
    identity = ModelIdentity(
      name: gguf.string("general.name") ?? "", architecture: architecture,
      fingerprint: try ModelFingerprint.compute(files))
    longRope = try LongRopeFactors(files)
    formerFingerprint = try FormerModelFingerprint.compute(gguf)
    try ModelProbe.check(files, fingerprint: identity.fingerprint)
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
  }

  /// Whether a cache of `model` may be this model's: its fingerprint is unknown or, in either scheme, this model's.
  public func isOwn(_ model: ModelIdentity) -> Bool {
    ["", identity.fingerprint, formerFingerprint].contains(model.fingerprint)
  }

  deinit { llama_model_free(handle) }
}
