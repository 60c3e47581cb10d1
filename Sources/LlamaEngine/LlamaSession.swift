import CLlama
import Interchange
import KVCacheModel

/// One llama.cpp context: a cache of one sequence, and the model that fills it.
///
/// Keys and values are F16 and attention is llama.cpp's flash attention, so values are not transposed. Sliding-window
/// layers get a cache of full length; what a capture keeps of it is up to `AttentionLayout.geometry`.
///
/// A session may be used from one thread at a time. Caches that it captured live on without it.
public final class LlamaSession {
  /// The tokens that one call of llama.cpp processes.
  static let batchTokens = 512
  /// The positions of one call for which logits are computed, which bounds their memory.
  public static let batchLogits = 64
  /// The one sequence that a session has.
  static let sequence: llama_seq_id = 0

  public let model: LlamaModel
  /// The most tokens that the cache can hold.
  public let contextTokens: Int
  /// What the attention of every layer does.
  public let layout: AttentionLayout
  /// The cached tokens; nil after restoring a cache that does not know its tokens.
  public internal(set) var tokens: [Int32]? = []
  /// T, the number of cached tokens.
  public internal(set) var tokenCount = 0
  /// Whether positions before the last one were taken out; T counts them still.
  public internal(set) var hasGaps = false

  /// The layout of sequence files that the linked llama.cpp reads and writes for this model.
  public let stateFormat: LlamaStateFormat
  let context: OpaquePointer
  let observer: GraphObserver
  /// What the last prefill recorded, and the number of tokens it ended with.
  var recorded: (queries: [ProbeQueries], tokenCount: Int)?
  /// What the queries of appended tokens are recorded for; nil where they are not.
  var recording: QueryRecording?

  /// Makes a context for `contextTokens` tokens that computes on `threads` threads.
  ///
  /// A few tokens are run at once to see what the model's attention does; the cache is empty afterwards.
  ///
  /// - Parameter ropeContext: the context whose rotary factors to take, for models that take others in a longer context
  ///   (`LongRopeFactors`); nil takes those of `contextTokens`.
  /// - Throws: `EngineError.contextNotCreated` if there is not enough memory or llama.cpp refuses,
  ///   `EngineError.unsupportedModel` if the model's attention is none that fkv can describe.
  public init(model: LlamaModel, contextTokens: Int, threads: Int, ropeContext: Int? = nil) throws {
    precondition(contextTokens > 0 && threads > 0)
    self.model = model
    self.contextTokens = contextTokens
    Backend.prepare()
    let observer = GraphObserver()
    self.observer = observer
    let engineTokens = model.engineTokens(contextTokens: contextTokens, ropeContext: ropeContext)
    let parameters = try Self.parameters(contextTokens: engineTokens, threads: threads, observer: observer)
    guard let context = llama_init_from_model(model.handle, parameters) else {
      throw EngineError.contextNotCreated(tokens: contextTokens, log: Backend.errorLine)
    }
    do {
      (layout, stateFormat) = try Self.observe(context, model: model, observer: observer)
    } catch {
      llama_free(context)
      throw error
    }
    self.context = context
  }

  deinit { llama_free(context) }

  /// Empties the cache.
  public func reset() {
    llama_memory_clear(llama_get_memory(context), true)
    tokens = []
    tokenCount = 0
    hasGaps = false
    recorded = nil
    recording = nil
    observer.recorder = nil
  }

  private static func parameters(contextTokens: Int, threads: Int, observer: GraphObserver) throws
    -> llama_context_params
  {
    guard let length = UInt32(exactly: max(contextTokens, 64)), let threads = Int32(exactly: threads) else {
      throw EngineError.contextNotCreated(tokens: contextTokens, log: "too large")
    }
    var parameters = llama_context_default_params()
    parameters.n_ctx = length
    parameters.n_batch = UInt32(batchTokens)
    parameters.n_ubatch = UInt32(batchTokens)
    parameters.n_seq_max = 1
    parameters.n_outputs_max = UInt32(batchLogits)
    parameters.n_threads = threads
    parameters.n_threads_batch = threads
    parameters.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED
    parameters.type_k = GGML_TYPE_F16
    parameters.type_v = GGML_TYPE_F16
    parameters.swa_full = true
    parameters.no_perf = true
    parameters.cb_eval = GraphObserver.callback
    parameters.cb_eval_user_data = Unmanaged.passUnretained(observer).toOpaque()
    return parameters
  }
}
