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
    case spectral(SpectralParameters)
    case blocks(LlamaBlockType, rotates: Bool)
    case kivi(bits: Int)
    /// The first 4 tokens and as many of the last as this ratio leaves.
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
    if case .spectral(let parameters) = way { parameters.basis == .model } else { false }
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
    case .spectral(let parameters):
      return product(.spectral(parameters), parameters.basis == .model ? basis : nil)
    case .blocks(let type, let rotates): return BaselineContender(baseline: LlamaBlocks(type, rotates: rotates))
    case .kivi(let bits): return BaselineContender(baseline: KIVI(bits: bits))
    case .streaming(let ratio):
      return BaselineContender(baseline: Self.streamingWindow(ratio: ratio, of: description.geometry))
    }
  }

  /// The longest window with which a cache takes no more than its own bytes over `ratio`; none if the sinks take more.
  private static func streamingWindow(ratio: Double, of geometry: CacheGeometry) -> StreamingWindow {
    let end = geometry.endPosition
    func keptElements(_ window: StreamingWindow) -> Int {
      geometry.layers.reduce(0) {
        $0 + 2 * $1.features * ($1.tokens - window.droppedRows(of: $1, end: end).count)
      }
    }
    var (least, most) = (0, end)
    while least < most {
      let middle = (least + most + 1) / 2
      let isSmall = Double(keptElements(StreamingWindow(window: middle))) * ratio <= Double(geometry.elementCount)
      (least, most) = isSmall ? (middle, most) : (least, middle - 1)
    }
    return StreamingWindow(window: least)
  }

  /// The positions that a method dropped in every layer that holds them.
  ///
  /// - Throws: `Unsuitable` if a layer kept some that another one dropped, which one engine cache cannot show.
  static func droppedPositions(_ rows: [Range<Int>], _ geometry: CacheGeometry) throws -> Range<Int> {
    let dropped = zip(rows, geometry.layers).filter { !$0.0.isEmpty }.map { rows, layer in
      layer.firstPosition + rows.lowerBound..<layer.firstPosition + rows.upperBound
    }
    guard let first = dropped.map(\.lowerBound).min(), let end = dropped.map(\.upperBound).max() else { return 0..<0 }
    for (rows, layer) in zip(rows, geometry.layers) {
      guard (first..<end).clamped(to: layer.firstPosition..<layer.endPosition).count == rows.count else {
        throw Unsuitable(reason: "it drops other positions in each layer, which the engine's cache cannot show")
      }
    }
    return first..<end
  }
}
