import CLlama

/// Chooses the next token, by llama.cpp's own chain of samplers.
public final class LlamaSampler {
  /// How to choose.
  public struct Parameters: Hashable, Sendable {
    /// 0 takes the most likely token; above, logits are divided by it.
    public var temperature: Float = 0
    /// Only the k most likely tokens; 0 takes all.
    public var topK = 40
    /// Only the most likely tokens that together have this probability; 1 takes all.
    public var topP: Float = 0.95
    /// Of the random numbers; equal seeds give equal choices.
    public var seed: UInt32 = 0

    public init() {}
  }

  private let chain: UnsafeMutablePointer<llama_sampler>

  /// Top-k, then top-p, then temperature, then a draw; with temperature 0 the most likely token.
  public init(_ parameters: Parameters) {
    precondition(parameters.temperature >= 0 && parameters.topK >= 0 && (0...1).contains(parameters.topP))
    var options = llama_sampler_chain_default_params()
    options.no_perf = true
    guard let chain = llama_sampler_chain_init(options) else { preconditionFailure("no sampler chain") }
    self.chain = chain
    guard parameters.temperature > 0 else {
      llama_sampler_chain_add(chain, llama_sampler_init_greedy())
      return
    }
    llama_sampler_chain_add(chain, llama_sampler_init_top_k(Int32(clamping: parameters.topK)))
    llama_sampler_chain_add(chain, llama_sampler_init_top_p(parameters.topP, 1))
    llama_sampler_chain_add(chain, llama_sampler_init_temp(parameters.temperature))
    llama_sampler_chain_add(chain, llama_sampler_init_dist(parameters.seed))
  }

  deinit { llama_sampler_free(chain) }

  /// The token that follows the last one appended to the session, which must have been appended since it was made,
  /// reset or restored: a restored cache has no logits.
  public func next(after session: LlamaSession) -> Int32 {
    precondition(llama_get_logits_ith(session.context, -1) != nil, "no token was appended")
    return llama_sampler_sample(chain, session.context, -1)
  }
}
