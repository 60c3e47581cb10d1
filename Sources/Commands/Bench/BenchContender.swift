import Baselines
import CacheCodec
import ComputeKernels
import FileIO
import KVCacheModel

/// A method at one setting: something that makes bytes of a cache and a cache of the bytes.
protocol BenchContender: Sendable {
  var method: String { get }
  var setting: String { get }
  var isProduct: Bool { get }
  /// The ratio that the setting asks for; nil where it asks for none.
  var askedRatio: Double? { get }
  func run(_ cache: MemoryCache) throws -> BenchOutcome
  /// Whether an error says that the method cannot take such a cache, rather than that something is wrong.
  func isUnsuitable(_ error: any Error) -> Bool
}

/// What a contender made.
struct BenchOutcome {
  var fileBytes: Int
  var outsideBytes: Int
  var restored: MemoryCache
  var droppedRows: [Range<Int>] = []
  var encodeSeconds: Double
  var decodeSeconds: Double
}

/// One of fkv's own profiles, through the bytes of the file that `fkv compress` writes.
struct ProductContender: BenchContender {
  let method: String
  let setting: String
  let encoding: CacheEncoder.Method
  /// The basis file next to the file; nil where it needs none.
  var basis: ModelBasis?
  let isProduct = true
  var askedRatio: Double? {
    if case .spectral(let parameters) = encoding, case .ratio(let ratio) = parameters.rate { ratio } else { nil }
  }

  func run(_ cache: MemoryCache) throws -> BenchOutcome {
    let ((bytes, outcome), encodeSeconds) = try timed {
      var encoder = CacheEncoder(encoding, writer: FKVVersion.writer)
      encoder.basis = basis
      return try encoder.encode(cache)
    }
    let (restored, decodeSeconds) = try timed { try FKVCache(MemorySource(bytes), basis: { _ in basis }).decodeAll() }
    return BenchOutcome(
      fileBytes: outcome.fileBytes, outsideBytes: basis?.fileBytes ?? 0, restored: restored,
      encodeSeconds: encodeSeconds,
      decodeSeconds: decodeSeconds)
  }

  func isUnsuitable(_ error: any Error) -> Bool {
    if case CodecError.unsuitable = error { true } else { false }
  }
}

/// Somebody else's method.
struct BaselineContender: BenchContender {
  let baseline: any Baseline
  let isProduct = false

  var method: String { baseline.method }
  var setting: String { baseline.setting }
  var askedRatio: Double? { baseline.askedRatio }

  func run(_ cache: MemoryCache) throws -> BenchOutcome {
    let (bytes, encodeSeconds) = try timed { try baseline.encode(cache) }
    let (restored, decodeSeconds) = try timed { try baseline.decode(bytes, description: cache.description) }
    return BenchOutcome(
      fileBytes: bytes.count, outsideBytes: baseline.outsideBytes, restored: restored.cache,
      droppedRows: restored.droppedRows, encodeSeconds: encodeSeconds + baseline.preparationSeconds,
      decodeSeconds: decodeSeconds)
  }

  func isUnsuitable(_ error: any Error) -> Bool {
    if case BaselineError.unsuitable = error { true } else { false }
  }
}

/// What `body` gives and how long it took, in seconds.
func timed<Value>(_ body: () throws -> Value) rethrows -> (Value, Double) {
  let clock = ContinuousClock()
  let start = clock.now
  let value = try body()
  let duration = (clock.now - start).components
  return (value, Double(duration.seconds) + 1e-18 * Double(duration.attoseconds))
}
