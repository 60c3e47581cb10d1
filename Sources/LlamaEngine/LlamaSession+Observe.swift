import CLlama
import Interchange
import KVCacheModel

extension LlamaSession {
  /// Runs a few tokens through a fresh context to see what the model's attention does and how its cache is saved.
  ///
  /// Three tokens are cached at positions 0, 1 and 2. Where the model names a window W, the third is moved to W−1, so
  /// that a query at W sees four tokens without a window, three with a window of W, and one at the start of a chunk.
  static func observe(_ context: OpaquePointer, model: LlamaModel, observer: GraphObserver) throws -> (
    layout: AttentionLayout, format: LlamaStateFormat
  ) {
    defer {
      observer.task = .nothing
      llama_memory_clear(llama_get_memory(context), true)
    }
    let memory = llama_get_memory(context)
    let window = Int(llama_model_n_swa(model.handle))
    observer.describe()
    try run(context, [0, 0, 0], from: 0, logitsFrom: 2)
    let stateBytes = llama_state_seq_get_size(context, sequence)
    var cachedTokens = 3
    if window > 0 {
      guard window >= 3, llama_memory_can_shift(memory) else {
        throw EngineError.unsupportedModel(
          architecture: model.identity.architecture, reason: "its sliding window of \(window) cannot be observed")
      }
      llama_memory_seq_add(memory, sequence, 2, 3, Int32(window - 3))
      observer.describe()
      try run(context, [0], from: window, logitsFrom: 0)
      cachedTokens = 4
    }
    let layout = try AttentionLayout(observer, model: model, cachedTokens: cachedTokens, window: window)
    return (layout, try stateFormat(layout, model: model, tokens: 3, bytes: stateBytes))
  }

  /// The one known layout in which a cache of `tokens` tokens takes `bytes` bytes.
  private static func stateFormat(_ layout: AttentionLayout, model: LlamaModel, tokens: Int, bytes: Int) throws
    -> LlamaStateFormat
  {
    let unknown = EngineError.unknownStateLayout(version: Int(LLAMA_STATE_SEQ_VERSION))
    let container = LlamaStateFormat.Container.sequence
    guard container.writableVersions.contains(UInt32(LLAMA_STATE_SEQ_VERSION)) else { throw unknown }
    let description = CacheDescription(
      model: model.identity, geometry: layout.geometry(tokens: tokens, probeQueries: tokens), ropes: layout.ropes,
      tokens: nil, attentionScale: layout.scale)
    // A buffer begins with a magic and a sequence id, a file with a magic, a version and a token count.
    let fileBytes = bytes - 8 + 12
    for blobCount in 1...2 {
      for cellExtensionBytes in [0, 12] {
        let format = LlamaStateFormat(
          container: container, version: UInt32(LLAMA_STATE_SEQ_VERSION), cellExtensionBytes: cellExtensionBytes,
          blobCount: blobCount)
        if try LlamaStateWriter(description: description, format: format).byteCount == fileBytes { return format }
      }
    }
    throw unknown
  }

  /// Processes tokens at positions `from`…; logits are computed from index `logitsFrom` on.
  ///
  /// - Throws: `EngineError.decodeFailed` with llama.cpp's code and error line.
  static func run(_ context: OpaquePointer, _ tokens: some Collection<Int32>, from: Int, logitsFrom: Int) throws {
    Backend.prepare()
    var batch = llama_batch_init(Int32(tokens.count), 0, 1)
    defer { llama_batch_free(batch) }
    batch.n_tokens = Int32(tokens.count)
    for (index, token) in tokens.enumerated() {
      batch.token[index] = token
      batch.pos[index] = Int32(from + index)
      batch.n_seq_id[index] = 1
      batch.seq_id[index]![0] = sequence
      batch.logits[index] = index >= logitsFrom ? 1 : 0
    }
    let code = llama_decode(context, batch)
    guard code == 0 else {
      throw EngineError.decodeFailed(position: from, code: code, log: Backend.errorLine)
    }
  }
}
