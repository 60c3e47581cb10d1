import CacheCodec
import KVCacheModel
import TestSupport
import Testing

@testable import Baselines

struct KVTCTests {
  /// 168 coded tokens of 64 features: more rows than columns. Captures of one seed share their mixtures.
  static let cache = SyntheticCache.make(layers: 2, kvHeads: 2, tokens: 300, headDim: 16)
  static let other = SyntheticCache.make(layers: 2, kvHeads: 2, tokens: 260, headDim: 16)
  static let calibrated = Result { try KVTCAnalysis(calibratedOn: [other], samples: 64) }
  static let own = Result { try KVTCAnalysis(of: cache, samples: 64) }

  @Test func sinksAndWindowAreExact() throws {
    let (_, restored) = try roundTrip(KVTC(Self.calibrated.get(), targetRatio: 16, embedsBasis: false), Self.cache)
    for kind in CacheKind.allCases {
      for layer in 0..<2 {
        let (x, y) = (
          Self.cache.tensor(kind, layer: layer).floats(), restored.cache.tensor(kind, layer: layer).floats()
        )
        for i in x.indices where !(4..<172).contains(i / 16 % 300) { #expect(x[i] == y[i]) }
        #expect(x != y)
      }
    }
  }

  @Test(arguments: [true, false]) func moreBudgetLosesLess(_ embeds: Bool) throws {
    let analysis = try embeds ? Self.own.get() : Self.calibrated.get()
    let runs = try [2.0, 4, 10].map {
      try roundTrip(KVTC(analysis, targetRatio: $0, embedsBasis: embeds), Self.cache)
    }
    for kind in CacheKind.allCases {
      let errors = runs.map { error(kind, of: $0.restored.cache, against: Self.cache) }
      #expect(errors[0] < errors[1] && errors[1] < errors[2])
    }
    #expect(runs[0].bytes.count > runs[1].bytes.count && runs[1].bytes.count > runs[2].bytes.count)
  }

  @Test func theBasisIsCountedOnceInsideOrOutside() throws {
    let outside = try KVTC(Self.calibrated.get(), targetRatio: 4, embedsBasis: false)
    let extents = outside.plans[0].values.map(\.extent).reduce(0, +)
    #expect(outside.outsideBytes == 2 * 64 * (extents + 2))
    #expect(outside.preparationSeconds == 0)
    let inside = try KVTC(Self.own.get(), targetRatio: 4, embedsBasis: true)
    #expect(inside.outsideBytes == 0)
    #expect(inside.preparationSeconds > 0)
    // Nothing but the bytes and the description is needed: an analysis of another cache decodes alike.
    let bytes = try inside.encode(Self.cache)
    let stranger = try KVTC(KVTCAnalysis(of: Self.other, samples: 8), targetRatio: 9, embedsBasis: true)
    let (a, b) = (
      try inside.decode(bytes, description: Self.cache.description),
      try stranger.decode(bytes, description: Self.cache.description)
    )
    #expect(a.cache.keys == b.cache.keys && a.cache.values == b.cache.values)
  }

  @Test(arguments: [1.0, 4, 16, 64], [0.5, 0.7]) func plansKeepTheBudget(_ ratio: Double, _ share: Double) throws {
    let method = try KVTC(Self.calibrated.get(), targetRatio: ratio, valueShare: share, embedsBasis: false)
    for (kind, plan) in method.plans[0] {
      let bits = plan.groups.reduce(0) { $0 + $1.components.count * $1.bits + 32 }
      #expect(Double(bits) <= 16 * 64 / ratio * 2 * (kind == .key ? 1 - share : share))
    }
    #expect(method.setting == (share == 0.5 ? "budget \(Int(ratio))×" : "budget \(Int(ratio))×, values 70 %"))
  }

  @Test func layersWithWindowsHaveBasesOfTheirOwn() throws {
    let mixed = SyntheticCache.make(layers: 4, kvHeads: 1, tokens: 200, headDim: 8, slidingWindow: 150)
    let sets = LayerSet.sets(of: mixed.description.geometry)
    #expect(sets.map(\.layers) == [[0, 2], [1, 3]] && sets.map(\.tokens) == [200, 150])
    let (_, restored) = try roundTrip(KVTC(KVTCAnalysis(of: mixed), targetRatio: 1, embedsBasis: false), mixed)
    for kind in CacheKind.allCases { #expect(error(kind, of: restored.cache, against: mixed) < 0.02) }
  }

  @Test func aShortPromptIsAllExact() throws {
    let short = SyntheticCache.make(layers: 1, kvHeads: 1, tokens: 40, headDim: 8)
    let (_, restored) = try roundTrip(KVTC(KVTCAnalysis(of: short), targetRatio: 8, embedsBasis: true), short)
    #expect(restored.cache.keys == short.keys && restored.cache.values == short.values)
  }

  @Test func otherLayersAreRefused() throws {
    let method = try KVTC(Self.calibrated.get(), targetRatio: 8, embedsBasis: false)
    let narrow = SyntheticCache.make(layers: 1, kvHeads: 2, tokens: 200, headDim: 16)
    #expect(throws: BaselineError.unsuitable("the basis is over other layers than the cache has")) {
      try method.encode(narrow)
    }
    #expect(throws: BaselineError.unsuitable("the calibration captures are not of one model's layers")) {
      try KVTCAnalysis(calibratedOn: [Self.cache, narrow])
    }
  }

  @Test func hostileBytes() throws {
    let small = SyntheticCache.make(layers: 1, kvHeads: 1, tokens: 170, headDim: 8)
    let analysis = try KVTCAnalysis(of: small)
    for embeds in [true, false] {
      try expectHostileBytesAreHandled(KVTC(analysis, targetRatio: 2, embedsBasis: embeds), small)
    }
  }
}
