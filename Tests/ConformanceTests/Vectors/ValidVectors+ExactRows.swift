import CacheCodec
import KVCacheModel
import TestSupport

/// Files of profile `spectral` that hold exact rows where no plan puts them: numbers far beyond what 16 bits times the
/// step can hold.
extension ValidVectors {
  static func exactRows() -> [VectorCase] {
    func vector(
      _ name: String, _ cache: @autoclosure @escaping () -> MemoryCache, _ method: CacheEncoder.Method,
      _ sections: String = "§13.2 §13.5", cuts: [Int] = []
    ) -> VectorCase {
      VectorCase(name: "spectral-exact-\(name)", sections: sections) { try file(cache(), method, cuts: cuts) }
    }
    let long = spectral(step: 2e-4, block: 2, segment: 40)
    return [
      vector("rows-inside-a-segment", spiked(keys: [21], values: [12, 31]), long),
      vector(
        "rows-inside-a-segment-of-bf16", spiked(.bfloat16, keys: [21], values: [12, 31]),
        spectral(step: 2e-4, .none, group: 1, block: 2, segment: 40)),
      vector(
        "rows-in-the-window", spiked(keys: [49], values: [50]), spectral(step: 1e-3, block: 2, segment: 30, window: 20)
      ),
      vector(
        "rows-and-exact-features", spiked(keys: [21], values: [12]),
        spectral(step: 2e-4, block: 2, segment: 40, exact: 0.3)),
      vector("segment", spiked(keys: [14], values: [22]), spectral(step: 2e-4)),
      vector("segments-of-fine-steps", cache(.float32), spectral(step: 1e-7)),
      vector("rows-appended", spiked(keys: [52], values: [53, 54, 55]), long, "§13.2 §13.6", cuts: [50]),
    ]
  }

  /// A cache of 60 tokens with 300 or −300 in one element of each of these rows.
  private static func spiked(_ type: ElementType = .float32, keys: [Int], values: [Int]) -> MemoryCache {
    var spiked = cache(tokens: 60, probe: 0, type)
    func put(_ rows: [Int], _ tensor: inout CacheTensor) {
      for row in rows {
        let bits = (Float(row % 2 == 0 ? 300 : -300)).bitPattern >> (type == .float32 ? 0 : 16)
        let place = (row * tensor.headDim + row % tensor.headDim) * type.byteCount
        for i in 0..<type.byteCount { tensor.bytes[place + i] = UInt8(truncatingIfNeeded: bits >> UInt32(8 * i)) }
      }
    }
    put(keys, &spiked.keys[1])
    put(values, &spiked.values[0])
    return spiked
  }
}
