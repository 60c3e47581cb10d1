import CLlama
import KVCacheModel

extension LlamaSession {
  /// What a prefill gave.
  public struct Prefill: Sendable {
    /// The logits after the prompt's last token, one a token id.
    public var logits: [Float]
    /// The wall-clock time that it took.
    public var duration: Duration
  }

  /// Fills the empty cache with a prompt, in batches, and records the queries of its last `probeQueries` positions.
  ///
  /// - Parameters:
  ///   - tokens: the prompt; one token or more.
  ///   - probeQueries: P; more than the prompt has means all of it.
  ///   - progress: is told the tokens done after each batch; what it throws ends the prefill and empties the cache.
  /// - Throws: `EngineError.emptyPrompt`, `EngineError.contextExceeded`, `EngineError.unknownToken` before anything
  ///   runs, `EngineError.decodeFailed` if llama.cpp fails; the cache is empty then.
  public func prefill(
    tokens prompt: [Int32], probeQueries: Int = 0, progress: (_ tokensDone: Int) throws -> Void = { _ in }
  ) throws -> Prefill {
    precondition(tokenCount == 0 && probeQueries >= 0, "a prefill needs an empty cache")
    guard !prompt.isEmpty else { throw EngineError.emptyPrompt }
    guard prompt.count <= contextTokens else {
      throw EngineError.contextExceeded(tokens: prompt.count, context: contextTokens)
    }
    try model.check(prompt)
    let probes = min(probeQueries, prompt.count)
    let firstProbe = prompt.count - probes
    recording = nil
    observer.recorder = QueryRecorder(layers: layout.layers, count: probes)
    defer {
      observer.recorder = nil
      observer.task = .nothing
    }
    let clock = ContinuousClock()
    let start = clock.now
    do {
      var done = 0
      while done < prompt.count {
        let end = min(done + Self.batchTokens, prompt.count)
        observer.task = end > firstProbe ? .queries(batchStart: done) : .nothing
        let logitsFrom = end == prompt.count ? end - done - 1 : end - done
        try Self.run(context, prompt[done..<end], from: done, logitsFrom: logitsFrom)
        done = end
        try progress(done)
      }
    } catch {
      reset()
      throw error
    }
    let logits = Array(logits(at: -1))
    let duration = clock.now - start
    guard let queries = observer.recorder?.probeQueries(firstProbe..<prompt.count) else {
      reset()
      throw EngineError.unsupportedModel(
        architecture: model.identity.architecture, reason: "its queries could not be recorded")
    }
    tokens = prompt
    tokenCount = prompt.count
    recorded = probes > 0 ? (queries, prompt.count) : nil
    return Prefill(logits: logits, duration: duration)
  }

  /// Appends tokens to the cache; the logits after each of them, one array a token.
  ///
  /// Throws as `append(_:eachLogits:)` does.
  public func logits(after continuation: [Int32]) throws -> [[Float]] {
    var result: [[Float]] = []
    try append(continuation) { _, logits in result.append(Array(logits)) }
    return result
  }

  /// Appends tokens to the cache and hands out the logits after each of them, which are valid during the call only.
  ///
  /// - Throws: `EngineError.contextExceeded`, `EngineError.unknownToken` before anything runs,
  ///   `EngineError.decodeFailed` if llama.cpp fails, and what `body` throws; the cache then holds the tokens of
  ///   the batches that ended.
  public func append(
    _ continuation: [Int32], eachLogits body: (_ index: Int, _ logits: UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    func eachBatch(_ batch: Range<Int>) throws {
      for index in batch { try body(index, logits(at: index - batch.lowerBound)) }
    }
    try append(continuation, batchTokens: Self.batchLogits, logitsFrom: { _, _ in 0 }, ended: eachBatch)
  }

  /// Appends one token or more and returns what `body` returns for the logits after the last, which are valid during the
  /// call only; those of the others are not computed.
  ///
  /// - Parameter progress: is told the tokens done after each batch.
  /// - Throws: as `append(_:eachLogits:)` does, and what `progress` throws.
  public func append<Result>(
    _ continuation: [Int32], progress: (_ tokensDone: Int) throws -> Void = { _ in },
    lastLogits body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    precondition(!continuation.isEmpty, "no last token")
    let last = { (end: Int, count: Int) in end == continuation.count ? count - 1 : count }
    try append(continuation, batchTokens: Self.batchTokens, logitsFrom: last, ended: { try progress($0.upperBound) })
    return try body(logits(at: -1))
  }

  /// Appends tokens in batches and tells of each that ended; `logitsFrom` gives the first place in a batch that needs
  /// logits, by where in `continuation` the batch ends and how many tokens it has.
  private func append(
    _ continuation: [Int32], batchTokens: Int, logitsFrom: (_ end: Int, _ count: Int) -> Int,
    ended: (Range<Int>) throws -> Void
  ) throws {
    guard continuation.count <= contextTokens - tokenCount else {
      throw EngineError.contextExceeded(tokens: tokenCount + continuation.count, context: contextTokens)
    }
    try model.check(continuation)
    defer { observer.task = .nothing }
    for done in stride(from: 0, to: continuation.count, by: batchTokens) {
      let batch = continuation[done..<min(done + batchTokens, continuation.count)]
      do {
        let wanted = recording.map { $0.isWanted(tokensAfter: continuation.count - batch.endIndex) } ?? false
        observer.task = wanted ? .queries(batchStart: tokenCount) : .nothing
        try Self.run(context, batch, from: tokenCount, logitsFrom: logitsFrom(batch.endIndex, batch.count))
      } catch {
        // What a failed batch left behind is taken out again.
        _ = llama_memory_seq_rm(llama_get_memory(context), Self.sequence, Int32(tokenCount), -1)
        throw error
      }
      tokens?.append(contentsOf: batch)
      tokenCount += batch.count
      try ended(batch.indices)
    }
  }

  /// The logits of one position of the last batch; −1 is the last that has any.
  private func logits(at index: Int) -> UnsafeBufferPointer<Float> {
    guard let logits = llama_get_logits_ith(context, Int32(index)) else {
      preconditionFailure("no logits were asked for at \(index)")
    }
    return UnsafeBufferPointer(start: logits, count: model.vocabularySize)
  }
}
