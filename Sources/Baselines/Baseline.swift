import KVCacheModel

/// A published way to make a KV cache small, re-created to be compared with: bytes out, cache back.
///
/// `encode` makes the bytes that the method would store, not an estimate of their number. What every side can know
/// without the file (the cache's description) is not in them; everything else is, unless `outsideBytes` counts it.
public protocol Baseline: Sendable {
  /// The method's name in tables: `kivi`, `q4_0`.
  var method: String { get }
  /// What distinguishes this point of the method from its others: `3 bit, groups of 32`.
  var setting: String { get }
  /// Bytes of what must lie beside the file to decode it, a calibrated basis; 0 for most methods.
  var outsideBytes: Int { get }
  /// Seconds of work done before `encode` that belongs to encoding this cache; 0 for most methods.
  var preparationSeconds: Double { get }

  /// The method's bytes for a whole cache, whose numbers must all be finite.
  ///
  /// - Throws: `BaselineError.unsuitable` if the method cannot take a cache of this shape; what the source throws.
  func encode(_ cache: any CacheSource) throws -> [UInt8]

  /// The cache that the method makes of its bytes.
  ///
  /// - Parameter description: the description of the cache that was encoded.
  /// - Throws: `BaselineError` if the bytes are not what `encode` makes for such a cache.
  func decode(_ bytes: [UInt8], description: CacheDescription) throws -> RestoredCache
}

extension Baseline {
  public var outsideBytes: Int { 0 }
  public var preparationSeconds: Double { 0 }
}

/// What a baseline gives back.
public struct RestoredCache: Sendable {
  public var cache: MemoryCache
  /// By layer: the rows that the method dropped. Attention does not see them; their numbers are 0. Empty where all
  /// rows are there.
  public var droppedRows: [Range<Int>]

  /// A cache of `tensors` in layer order, without probe queries; no layer drops rows unless `droppedRows` says so.
  public init(
    description: CacheDescription, keys: [CacheTensor], values: [CacheTensor], droppedRows: [Range<Int>]? = nil
  ) {
    cache = MemoryCache(description: description, keys: keys, values: values)
    self.droppedRows = droppedRows ?? Array(repeating: 0..<0, count: keys.count)
  }
}

/// Why a baseline could not encode a cache or decode its bytes.
public enum BaselineError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The method cannot take a cache of this shape.
  case unsuitable(String)
  /// `place` ends at `found` bytes where `needed` are due.
  case truncated(place: String, needed: Int, found: Int)
  /// `place` has `count` bytes behind its end.
  case trailingBytes(place: String, count: Int)
  /// A value that no encoder writes.
  case badValue(place: String, field: String, declared: Int)
  /// A compression library refused its input.
  case library(name: String, problem: String)

  public var description: String {
    switch self {
    case .unsuitable(let reason): reason
    case .truncated(let place, let needed, let found): "\(place): \(needed) bytes due, \(found) found"
    case .trailingBytes(let place, let count): "\(place): \(count) bytes behind its end"
    case .badValue(let place, let field, let declared): "\(place): \(field) is \(declared)"
    case .library(let name, let problem): "\(name): \(problem)"
    }
  }
}
