import Baselines
import CacheCodec
import Fidelity
import KVCacheModel
import TestSupport
import Testing

/// What a baseline makes of a cache.
func roundTrip(_ baseline: some Baseline, _ cache: MemoryCache) throws -> (bytes: [UInt8], restored: RestoredCache) {
  let bytes = try baseline.encode(cache)
  return (bytes, try baseline.decode(bytes, description: cache.description))
}

/// ‖x−x̃‖/‖x‖ over all tensors of a kind.
func error(_ kind: CacheKind, of restored: MemoryCache, against cache: MemoryCache) -> Double {
  var error = RelativeError()
  for layer in cache.keys.indices {
    error.add(cache.tensor(kind, layer: layer).floats(), restored.tensor(kind, layer: layer).floats())
  }
  return error.value
}

/// Bytes that the pieces of a `TensorBaseline` stand in: a count (u32) before each.
func framing(_ cache: MemoryCache) -> Int { 2 * 4 * cache.keys.count }

/// Every shorter prefix throws, and bytes with one byte changed either throw or give a cache: nothing traps.
func expectHostileBytesAreHandled(_ baseline: some Baseline, _ cache: MemoryCache) throws {
  let bytes = try baseline.encode(cache)
  for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
    #expect(throws: BaselineError.self) {
      try baseline.decode(Array(bytes[..<count]), description: cache.description)
    }
  }
  #expect(throws: BaselineError.self) { try baseline.decode(bytes + [0], description: cache.description) }
  var generator = RepeatableGenerator(seed: 7)
  for _ in 0..<60 {
    var damaged = bytes
    damaged[Int.random(in: damaged.indices, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
    do { _ = try baseline.decode(damaged, description: cache.description) } catch is BaselineError {}
  }
}
