import Baselines
import CacheCodec
import KVCacheModel

/// One way to keep a cache, as `fkv eval --methods` names it: what it makes of a cache, and how many bytes that took.
public struct EvalMethod: Hashable, Sendable, CustomStringConvertible {
  /// What is done to the cache.
  enum Way: Hashable, Sendable {
    /// Nothing: the cache as the model made it.
    case full
    case lossless
    case fourier
    /// nil takes the profile's own rate.
    case spectral(SpectralParameters.Rate?, usesModelBasis: Bool)
    case blocks(LlamaBlockType, rotates: Bool)
    case kivi(bits: Int)
    /// The first 4 tokens and as many of the last as make whole tokens over kept ones this ratio.
    case streaming(ratio: Double)
  }

  /// The name in tables and logs: the text that `init(_:)` takes.
  public let name: String
  let way: Way

  init(name: String, way: Way) {
    self.name = name
    self.way = way
  }

  public var description: String { name }

  /// Whether the method needs a basis file.
  public var needsBasis: Bool {
    if case .spectral(_, usesModelBasis: true) = way { true } else { false }
  }

  /// What comes out of a cache that a method kept.
  struct Kept {
    var cache: MemoryCache
    /// Positions that are gone in all layers; the model must not attend to them.
    var droppedPositions = 0..<0
    var fileBytes: Int
    var outsideBytes = 0
    var encodeSeconds = 0.0
    var decodeSeconds = 0.0
  }

  /// Why a method was left out of a cell.
  struct Unsuitable: Error {
    var reason: String
  }

  /// Codes a cache, everything counted, and decodes it again.
  ///
  /// - Parameter basis: the basis file, for methods that need one.
  /// - Throws: `Unsuitable` if the method cannot take such a cache; what coding throws.
  func keep(_ cache: MemoryCache, basis: ModelBasis?) throws -> Kept {
    guard let contender = contender(of: cache.description, basis: basis) else {
      return Kept(cache: cache, fileBytes: CacheSize(fileBytes: 0, geometry: cache.description.geometry).rawBytes)
    }
    let outcome: BenchOutcome
    do { outcome = try contender.run(cache) } catch let error where contender.isUnsuitable(error) {
      throw Unsuitable(reason: "\(error)")
    }
    return Kept(
      cache: outcome.restored,
      droppedPositions: try Self.droppedPositions(outcome.droppedRows, cache.description.geometry),
      fileBytes: outcome.fileBytes, outsideBytes: outcome.outsideBytes, encodeSeconds: outcome.encodeSeconds,
      decodeSeconds: outcome.decodeSeconds)
  }

  /// What codes a cache of that description; nil for the full cache.
  private func contender(of description: CacheDescription, basis: ModelBasis?) -> (any BenchContender)? {
    func product(_ encoding: CacheEncoder.Method, _ basis: ModelBasis? = nil) -> any BenchContender {
      ProductContender(method: name, setting: "", encoding: encoding, basis: basis)
    }
    switch way {
    case .full: return nil
    case .lossless: return product(.lossless)
    case .fourier: return product(.fourier(FourierParameters()))
    case .spectral(let rate, let usesModelBasis):
      var parameters = SpectralParameters()
      parameters.rate = rate ?? parameters.rate
      parameters.basis = usesModelBasis ? .model : .embedded
      return product(.spectral(parameters), usesModelBasis ? basis : nil)
    case .blocks(let type, let rotates): return BaselineContender(baseline: LlamaBlocks(type, rotates: rotates))
    case .kivi(let bits): return BaselineContender(baseline: KIVI(bits: bits))
    case .streaming(let ratio):
      let kept = Int(Double(description.geometry.tokens) / ratio)
      return BaselineContender(baseline: StreamingWindow(window: max(0, kept - 4)))
    }
  }

  /// The positions that a method dropped, the same in every layer.
  ///
  /// - Throws: `Unsuitable` if layers dropped different ones, which one engine cache cannot show.
  private static func droppedPositions(_ rows: [Range<Int>], _ geometry: CacheGeometry) throws -> Range<Int> {
    let positions = zip(rows, geometry.layers).map { rows, layer in
      rows.isEmpty ? 0..<0 : layer.firstPosition + rows.lowerBound..<layer.firstPosition + rows.upperBound
    }
    guard let first = positions.first else { return 0..<0 }
    guard positions.allSatisfy({ $0 == first }) else {
      throw Unsuitable(reason: "it drops other positions in each layer, which the engine's cache cannot show")
    }
    return first
  }
}
