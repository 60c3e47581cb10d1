import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct RateControlTests {
  private let scratch = ScratchFolder()
  private static let cache = SyntheticCache.make(
    layers: 3, kvHeads: 2, groupSize: 2, tokens: 400, headDim: 16, probe: 8)

  private func encode(_ cache: MemoryCache, _ parameters: SpectralParameters) throws -> CacheEncoder.Outcome {
    try CacheEncoder(.spectral(parameters), writer: "").encode(cache, to: scratch.file("c.fkv"))
  }

  @Test(arguments: [0.02, 0.05, 0.1, 0.2]) func targetErrorsAreMetAndNotOvershot(target: Double) throws {
    for parameters in [
      SpectralCases.parameters(.targetError(target)),
      SpectralCases.parameters(.targetError(target), basis: .none, group: 1, weighted: true),
    ] {
      let outcome = try encode(Self.cache, parameters)
      let error = try #require(outcome.storedError).errors.mean
      // The header keeps single precision.
      #expect(error <= target * (1 + 0x1p-23) && error >= 0.95 * target, "\(error)")
    }
  }

  @Test(arguments: [3.0, 5, 8]) func ratiosAreMetAndNotOvershot(ratio: Double) throws {
    let outcome = try encode(Self.cache, SpectralCases.parameters(.ratio(ratio)))
    let found = Double(2 * Self.cache.description.geometry.elementCount) / Double(outcome.fileBytes)
    #expect((ratio...1.0205 * ratio).contains(found), "\(found)")
  }

  @Test func aRatioNeedsNoProbeQueries() throws {
    var cache = Self.cache
    cache.queries = []
    cache.description.probeQueries = 0
    let outcome = try encode(cache, SpectralCases.parameters(.ratio(4)))
    let found = Double(2 * cache.description.geometry.elementCount) / Double(outcome.fileBytes)
    #expect((4...4.082).contains(found) && outcome.storedError == nil)
  }

  @Test func aStepIsTaken() throws {
    let outcome = try encode(Self.cache, SpectralCases.parameters(.step(0.125)))
    #expect(outcome.steps == SpectralSteps(key: 0.125, value: 0.125))
    let file = try FKVCache(path: scratch.file("c.fkv"))
    #expect(try CacheKind.allCases.allSatisfy { try file.summary($0, group: 0).step == 0.125 })
    #expect(file.header.settings.contains("key-step=0.125") && file.header.settings.contains("step=0.125"))
  }

  /// An error that no coefficient can give is met bit for bit.
  @Test func theSmallestErrorsAreMet() throws {
    for target in [1e-4, 1e-6, 1e-9] {
      let outcome = try encode(Self.cache, SpectralCases.parameters(.targetError(target)))
      #expect(try #require(outcome.storedError).errors.mean <= target * (1 + 0x1p-23), "\(target)")
    }
  }

  /// Steps so fine that 16 bits cannot hold the coefficients keep rows exactly: the error never grows again.
  @Test func finerStepsAreNeverWorse() throws {
    let errors = try [0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-7, 1e-30].map {
      try #require(try encode(Self.cache, SpectralCases.parameters(.step($0))).storedError).errors.mean
    }
    for (coarse, fine) in zip(errors, errors.dropFirst()) { #expect(fine <= coarse, "\(errors)") }
    #expect(errors.last == 0)
    let file = try FKVCache(path: scratch.file("c.fkv"))
    for layer in 0..<3 {
      for kind in CacheKind.allCases {
        #expect(try file.tensor(kind, layer: layer) == Self.cache.tensor(kind, layer: layer))
      }
    }
  }

  /// A number that stands alone in one token comes back, whatever the basis and wherever it stands, at a coarse step.
  @Test(arguments: [BasisSource.embedded, .none], [37, 201, 390]) func aLoneLargeNumber(
    basis: BasisSource, row: Int
  ) throws {
    var cache = Self.cache
    cache.queries = []
    cache.description.probeQueries = 0
    let shape = cache.description.geometry.layers[1]
    let place = shape.tokens * shape.headDim + row * shape.headDim + 5
    cache.values[1].store([10_000], at: place)
    // One segment of more than ten blocks, of which the number takes one: too few for its rows to stay by their count.
    var parameters = SpectralParameters()
    parameters.rate = .step(0.2)
    parameters.basis = basis
    _ = try encode(cache, parameters)
    let restored = try FKVCache(path: scratch.file("c.fkv")).tensor(.value, layer: 1).floats()
    #expect(abs(restored[place] - 10_000) <= 500, "\(restored[place])")
  }

  /// A ratio that needs no loss has none, and a smaller one never has a larger error.
  @Test func smallRatiosAreMet() throws {
    let errors = try [1.0, 1.3, 2, 3].map { ratio -> Double in
      let outcome = try encode(Self.cache, SpectralCases.parameters(.ratio(ratio)))
      #expect(2 * Self.cache.description.geometry.elementCount >= Int(ratio * Double(outcome.fileBytes)))
      return try #require(outcome.storedError).errors.mean
    }
    #expect(errors == errors.sorted(), "\(errors)")
  }

  @Test func nothingToLose() throws {
    let cache = SyntheticCache.make(tokens: 4)
    let outcome = try encode(cache, SpectralCases.parameters(.targetError(0.05)))
    #expect(outcome.storedError?.errors.max == 0)
    #expect(try FKVCache(path: scratch.file("c.fkv")).decodeAll().keys == cache.keys)
  }

  /// Estimates of a finer pair of steps have no larger error and no fewer bytes, within what was tried; the choices keep
  /// their limits.
  @Test func estimatesAreMonotonic() throws {
    for seed: UInt64 in [1, 2] {
      let cache = SyntheticCache.make(layers: 3, tokens: 300, headDim: 8, probe: 8, seed: seed)
      let encoder = try SpectralEncoder(cache, parameters: SpectralCases.parameters(.targetError(0.1)), model: nil)
      let search = try StepSearch(encoder, around: 0.3)
      let all = search.estimates()
      #expect(all.count == 33 * 33)
      // Keys in the outer loop, values in the inner one, both rising.
      func at(_ key: Int, _ value: Int) -> StepSearch.Estimate { all[key * 33 + value] }
      for i in 0..<33 {
        for j in 0..<32 {
          #expect(at(i, j).steps.value < at(i, j + 1).steps.value && at(j, i).steps.key < at(j + 1, i).steps.key)
          #expect(at(i, j).bytes >= at(i, j + 1).bytes && at(j, i).bytes >= at(j + 1, i).bytes)
        }
      }
      // From 0.6 to 1.8 of the guess: beyond, errors of single heads are carried on as they lay between trials.
      for i in 10...22 {
        for j in 10..<22 { #expect(at(i, j).error <= at(i, j + 1).error && at(j, i).error <= at(j + 1, i).error) }
      }
    }
  }

  /// Here every group is in the sample, so what is carried over to all groups is the sample itself.
  @Test func choicesKeepTheirLimits() throws {
    let cache = SyntheticCache.make(layers: 3, tokens: 300, headDim: 8, probe: 8, seed: 1)
    let encoder = try SpectralEncoder(
      cache, parameters: SpectralCases.parameters(.targetError(0.1), group: 1), model: nil)
    let search = try StepSearch(encoder, around: 0.3)
    let heads = Double(cache.description.geometry.layers.reduce(0) { $0 + $1.queryHeads })
    for middle in search.estimates().enumerated().filter({ $0.offset % 97 == 0 }).map(\.element) {
      #expect(abs(search.errors(at: middle.steps).reduce(0, +) / heads / middle.error - 1) < 1e-4)
      #expect(abs(search.bytes(at: middle.steps).reduce(0, +) / middle.bytes - 1) < 1e-4)
    }
    let middle = search.estimates()[16 * 33 + 16]
    let cheapest = search.cheapest(error: middle.error)
    #expect(abs(search.errors(at: cheapest).reduce(0, +) / heads / middle.error - 1) < 1e-3)
    #expect(search.bytes(at: cheapest).reduce(0, +) <= middle.bytes * 1.001)
    let best = search.best(bytes: middle.bytes)
    #expect(abs(search.bytes(at: best).reduce(0, +) / middle.bytes - 1) < 1e-3)
    #expect(search.errors(at: best).reduce(0, +) / heads <= middle.error * 1.001)
    // What cannot be met ends at a quarter of the finest, or four times the coarsest, steps of the grid.
    let finest = search.estimates().map(\.steps.key).min()!
    #expect(search.cheapest(error: 0).key < 0.26 * finest * 33)
    let slopes = search.slopes(at: middle.steps)
    #expect(slopes.error >= 0.3 && slopes.bytes <= -0.2)
  }
}
