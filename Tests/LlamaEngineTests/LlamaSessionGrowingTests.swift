import KVCacheModel
import LlamaEngine
import TestSupport
import Testing

extension EngineTests {
  /// Caches that an engine went on from.
  struct LlamaSessionGrowingTests {
    private let scratch = ScratchFolder()

    private func session(_ model: LlamaModel, _ context: Int = 768) throws -> LlamaSession {
      try LlamaSession(model: model, contextTokens: context, threads: TestModel.threads)
    }

    private func memory(_ cache: some CacheSource) throws -> MemoryCache {
      let layers = cache.description.geometry.layers.indices
      return MemoryCache(
        description: cache.description, keys: try layers.map { try cache.tensor(.key, layer: $0) },
        values: try layers.map { try cache.tensor(.value, layer: $0) },
        queries: try layers.compactMap { try cache.probeQueries(layer: $0) })
    }

    /// The beginning ends where the engine's batch of 512 does, so that a whole prefill runs the same batches: its
    /// logits, keys, values and queries are equal to the last bit, and so are the logits of what comes next.
    @Test func growingEqualsAWholePrefill() throws {
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 560)
      let whole = try session(TestModel.smol)
      let prefilled = try whole.prefill(tokens: Array(prompt[..<550]), probeQueries: 20).logits
      let expected = try memory(whole.capture(scratchFolder: scratch.path))

      let first = try session(TestModel.smol)
      _ = try first.prefill(tokens: Array(prompt[..<512]))
      let beginning = try first.held(scratchFolder: scratch.path)
      let second = try session(TestModel.smol)
      try second.restore(beginning, scratchFolder: scratch.path)
      second.recordQueries(last: 20)
      var steps: [Int] = []
      let logits = try second.append(
        Array(prompt[512..<550]), progress: { steps.append($0) }, lastLogits: { Array($0) })
      #expect(logits == prefilled && steps == [38])
      let grown = try memory(second.capture(continuing: beginning, from: 512, scratchFolder: scratch.path))
      #expect(grown.description.tokens == Array(prompt[..<550]) && grown.description.probeQueries == 20)
      #expect(grown.keys == expected.keys && grown.values == expected.values && grown.queries == expected.queries)
      #expect(scratch.names.isEmpty)

      let third = try session(TestModel.smol)
      try third.restore(grown, scratchFolder: scratch.path)
      #expect(try third.logits(after: Array(prompt[550...])) == whole.logits(after: Array(prompt[550...])))
    }

    /// Queries of tokens that came one at a time, and more of them than are kept.
    @Test func theLastQueriesAreKept() throws {
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 60)
      let one = try session(TestModel.smol, 64)
      _ = try one.prefill(tokens: Array(prompt[..<40]))
      let beginning = try one.held(scratchFolder: scratch.path)
      func queries(last count: Int) throws -> [ProbeQueries] {
        try one.restore(beginning, scratchFolder: scratch.path)
        one.recordQueries(last: count)
        for token in prompt[40...] { try one.append([token], lastLogits: { _ in }) }
        return try memory(one.capture(continuing: beginning, from: 40, scratchFolder: scratch.path)).queries
      }
      let (few, all) = (try queries(last: 7), try queries(last: 100))
      #expect(few[3].firstPosition == 53 && few[3].count == 7 && all[3].firstPosition == 40 && all[3].count == 20)
      for layer in [0, 29] {
        let (x, y, dim) = (few[layer], all[layer], few[layer].headDim)
        for head in 0..<x.heads {
          #expect(
            x.elements[head * 7 * dim..<(head + 1) * 7 * dim]
              == y.elements[(head * 20 + 13) * dim..<(head + 1) * 20 * dim])
        }
      }
      #expect(try queries(last: 0).isEmpty)
    }

    /// A sliding layer keeps what the beginning held, though the engine reuses those cells.
    ///
    /// With a window of 520 the beginning holds all positions: keys lie in the cells that a whole prefill puts them into,
    /// and all is equal to the last bit. With one of 32 it lacks the first, or the engine puts new keys into cells of old
    /// ones (16 probe queries), so that keys lie in other cells and llama.cpp adds the same numbers in other groups. Those
    /// sums are Floats; where the cache then rounds to F16, one can tip over to its neighbour, 2⁻¹⁰ of the largest at most,
    /// and what is computed from it is an average of such numbers. A key too many or too few would weigh about 1/32.
    @Test(arguments: [(520, 0), (32, 0), (32, 16)]) func slidingWindowsGrow(window: Int, probe: Int) throws {
      var tiny = TinyModel()
      (tiny.architecture, tiny.slidingWindow, tiny.context) = ("gemma2", window, 1024)
      let model = try LlamaModel(path: tiny.write(to: scratch.file("m.gguf")))
      let prompt = (0..<600).map { Int32(3 + $0 * 37 % 250) }
      let first = try session(model)
      _ = try first.prefill(tokens: Array(prompt[..<512]), probeQueries: probe)
      let beginning = try memory(first.capture(scratchFolder: scratch.path))
      let layers = beginning.description.geometry.layers
      try #require(layers[0].slidingWindow == window && layers[1].slidingWindow == nil)
      try #require(layers[0].firstPosition == max(0, 512 - probe - window + 1))

      let second = try session(model)
      try second.restore(beginning, scratchFolder: scratch.path)
      second.recordQueries(last: 64)
      try second.append(Array(prompt[512..<580]), lastLogits: { _ in })
      let grown = try memory(second.capture(continuing: beginning, from: 512, scratchFolder: scratch.path))
      #expect(grown.description.geometry.layers[0].firstPosition == layers[0].firstPosition)
      #expect(grown.description.geometry.endPosition == 580 && grown.description.probeQueries == 64)
      for kind in CacheKind.allCases {
        for layer in 0..<2 {
          let held = try beginning.tensor(kind, layer: layer)
          #expect(try grown.tensor(kind, layer: layer).rows(0..<held.tokens) == held)
        }
      }

      let whole = try session(model)
      _ = try whole.prefill(tokens: Array(prompt[..<580]), probeQueries: 64)
      let expected = try memory(whole.capture(scratchFolder: scratch.path))
      let (new, all) = (prompt[580...], expected.description.geometry.layers[0].firstPosition)
      let third = try session(model)
      try third.restore(grown, scratchFolder: scratch.path)
      var pairs = zip(try third.logits(after: Array(new)), try whole.logits(after: Array(new))).map { ($0, $1) }
      for kind in CacheKind.allCases {
        pairs.append((try grown.tensor(kind, layer: 1).halves, try expected.tensor(kind, layer: 1).halves))
        let (own, others) = (try grown.tensor(kind, layer: 0), try expected.tensor(kind, layer: 0))
        let common = 580 - max(layers[0].firstPosition, all)
        pairs.append(
          (
            own.rows(own.tokens - common..<own.tokens).halves,
            others.rows(others.tokens - common..<others.tokens).halves
          ))
      }
      pairs += zip(grown.queries, expected.queries).map { ($0.elements, $1.elements) }
      for (found, wanted) in pairs {
        try #require(found.count == wanted.count && !found.isEmpty)
        let worst = zip(found, wanted).map { abs($0 - $1) }.max()!
        #expect(worst <= (window > 512 ? 0 : 0x1p-10) * wanted.map(abs).max()!)
      }
    }
  }
}

extension CacheTensor {
  /// The elements of an F16 tensor.
  fileprivate var halves: [Float] {
    bytes.withUnsafeBytes { raw in
      (0..<raw.count / 2).map { Float(Float16(bitPattern: raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))) }
    }
  }
}
