/// Reads a large block of memory on all cores: how fast this machine can, and a way to push other numbers out of its
/// caches.
public struct StreamingRead: Sendable {
  private let numbers: [SIMD16<Float>]

  /// - Parameter byteCount: well above the last cache; rounded down to a multiple of 64.
  public init(byteCount: Int) { numbers = Array(repeating: SIMD16(repeating: 1), count: byteCount / 64) }

  /// Bytes that `run` reads.
  public var byteCount: Int { 64 * numbers.count }

  /// Reads everything once; the result depends on every byte.
  public func run() -> Float {
    let width = ParallelLoop.width
    // The body does not throw.
    return try! ParallelLoop.map(width) { part in
      numbers.withUnsafeBufferPointer { numbers in
        let own = numbers.count * part / width..<numbers.count * (part + 1) / width
        var sums = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
        var i = own.lowerBound
        while i + 4 <= own.upperBound {
          sums.0 += numbers[i]
          sums.1 += numbers[i + 1]
          sums.2 += numbers[i + 2]
          sums.3 += numbers[i + 3]
          i += 4
        }
        return (sums.0 + sums.1 + sums.2 + sums.3).sum()
      }
    }.reduce(0, +)
  }
}
