import Baselines
import CacheCodec
import KVCacheModel

/// The methods of `fkv bench` and their settings, in the order of its table.
final class BenchContenders {
  private let methods: Set<String>?
  private let calibration: [any CacheSource]
  /// Learned once for all captures.
  private var calibrated: Result<KVTCAnalysis, any Error>?

  private let basis: ModelBasis?

  init(methods: Set<String>?, calibration: [any CacheSource], basis: ModelBasis? = nil) {
    self.methods = methods
    self.calibration = calibration
    self.basis = basis
  }

  /// Every method's name, fkv's own first.
  static let names = [
    "spectral", "spectral-1", "spectral-model", "spectral-weighted", "fourier", "lossless", "q8_0", "q4_0",
    "q4_0+hadamard", "kivi", "streaming", "kvtc", "kvtc-own", "cachegen",
    "cachegen-delta", "lz4", "zstd",
  ]

  /// The errors that profile `spectral` is told to meet.
  private static let errors: [Double] = [0.03, 0.05, 0.085, 0.11, 0.15, 0.2, 0.3]

  /// KVTC's budgets: 16 bits over bits a number.
  private static let budgets: [Double] = [4, 6, 8, 12, 16, 24, 32, 64]

  /// The values' part of KVTC's bits: half as published, and more, which serves attention better.
  private static let valueShares = [0.5, 0.7]

  /// fkv's own profiles; a new one is a name above and its settings here.
  private func product(_ name: String) -> [ProductContender] {
    switch name {
    case "spectral", "spectral-1", "spectral-model", "spectral-weighted":
      guard name != "spectral-model" || basis != nil else { return [] }
      return Self.errors.map { error in
        var parameters = SpectralParameters()
        parameters.rate = .targetError(error)
        parameters.groupLayers = name == "spectral-1" ? 1 : nil
        parameters.weightsValuesByAttention = name == "spectral-weighted"
        parameters.basis = name == "spectral-model" ? .model : .embedded
        return ProductContender(
          method: name, setting: "target error \(error)", encoding: .spectral(parameters),
          basis: name == "spectral-model" ? basis : nil)
      }
    case "lossless": return [ProductContender(method: name, setting: "byte planes, LZ4", encoding: .lossless)]
    case "fourier":
      let published = [("published", Double?.none), ("all", 1)].flatMap { label, fraction in
        [Int?.none, 256, 64].map { states in
          var parameters = FourierParameters()
          parameters.states = states
          parameters.keyFraction = fraction
          parameters.valueFraction = fraction
          let text = states.map(String.init) ?? "default"
          return ProductContender(
            method: name, setting: "\(label) features, states \(text)", encoding: .fourier(parameters))
        }
      }
      return published
    default: return []
    }
  }

  /// Other people's methods that need nothing but the cache.
  private func plain(_ name: String, tokens: Int) -> [any Baseline] {
    switch name {
    case "q8_0": [LlamaBlocks(.q8)]
    case "q4_0": [LlamaBlocks(.q4)]
    case "q4_0+hadamard": [LlamaBlocks(.q4, rotates: true)]
    case "kivi": [4, 3, 2].flatMap { bits in [32, 64].map { KIVI(bits: bits, group: $0) } }
    case "streaming":
      [0.75, 0.5, 0.25, 0.125, 0.0625, 0.03125].map { StreamingWindow(window: Int($0 * Double(tokens))) }
    case "cachegen": [0.25, 0.5, 1, 2, 4, 8].map { CacheGenTables(scale: $0) }
    case "cachegen-delta": [0.25, 0.5, 0.75, 1, 1.5, 2].map { CacheGenDeltas(scale: $0) }
    case "lz4": [GeneralCompressor(.lz4(level: 0)), GeneralCompressor(.lz4(level: 9))]
    case "zstd": [GeneralCompressor(.zstd(level: 3)), GeneralCompressor(.zstd(level: 19))]
    default: []
    }
  }

  private func isChosen(_ name: String) -> Bool { methods?.contains(name) ?? true }

  /// How many points a cache will take at most.
  func count(for description: CacheDescription) -> Int {
    Self.names.filter(isChosen).reduce(0) { sum, name in
      switch name {
      case "kvtc": sum + (calibration.isEmpty ? 0 : Self.budgets.count * Self.valueShares.count)
      case "kvtc-own": sum + Self.budgets.count * Self.valueShares.count
      default: sum + product(name).count + plain(name, tokens: description.geometry.tokens).count
      }
    }
  }

  /// Calls `body` with each contender for a cache; `skip` with each method that has none.
  func forEach(
    of cache: MemoryCache, skip: (BenchReport.Skip) -> Void, _ body: (any BenchContender) throws -> Void
  ) throws {
    for name in Self.names where isChosen(name) {
      if name == "spectral-model", basis == nil {
        skip(BenchReport.Skip(method: name, setting: "", reason: "no --basis-file was given"))
      }
      for contender in product(name) { try body(contender) }
      for baseline in plain(name, tokens: cache.description.geometry.tokens) {
        try body(BaselineContender(baseline: baseline))
      }
      guard name.hasPrefix("kvtc") else { continue }
      do {
        guard let analysis = try analysis(name, cache) else {
          skip(BenchReport.Skip(method: name, setting: "", reason: "no --kvtc-calibration was given"))
          continue
        }
        for share in Self.valueShares {
          for budget in Self.budgets {
            let baseline = KVTC(analysis, targetRatio: budget, valueShare: share, embedsBasis: name == "kvtc-own")
            try body(BaselineContender(baseline: baseline))
          }
        }
      } catch let error as BaselineError {
        guard case .unsuitable(let reason) = error else { throw error }
        skip(BenchReport.Skip(method: name, setting: "", reason: reason))
      }
    }
  }

  /// What KVTC learned, from the cache itself or from the calibration captures; nil without any.
  private func analysis(_ name: String, _ cache: MemoryCache) throws -> KVTCAnalysis? {
    if name == "kvtc-own" { return try KVTCAnalysis(of: cache) }
    guard !calibration.isEmpty else { return nil }
    let result = calibrated ?? Result { try KVTCAnalysis(calibratedOn: calibration) }
    calibrated = result
    return try result.get()
  }
}

extension BenchPipeline {
  /// The names that `methods` may hold.
  public static var methodNames: [String] { BenchContenders.names }
}
