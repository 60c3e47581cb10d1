#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension TruncatedSpectrum {
  /// The sums of the type's formula, term by term in `Double`: what `forward` and `inverse` are tested against.
  public enum Reference {
    /// a₀, b₀, a₁, b₁, … of a signal; O(N·T).
    public static func forward(_ signal: [Double], _ shape: TruncatedSpectrum) -> [Double] {
      var result: [Double] = []
      for n in 0..<shape.frequencies {
        let weight = (n == 0 || 2 * n == shape.period ? 1.0 : 2.0) / Double(shape.period)
        var (a, b) = (0.0, 0.0)
        for (t, x) in signal.enumerated() {
          let angle = 2 * Double.pi * Double(n) * Double(t) / Double(shape.period)
          a += x * cos(angle)
          b += x * sin(angle)
        }
        result += [weight * a, weight * b]
      }
      return result
    }

    /// x̃ at t = 0 ..< count; O(N·count).
    public static func inverse(_ coefficients: [Double], count: Int, _ shape: TruncatedSpectrum) -> [Double] {
      (0..<count).map { t in
        (0..<shape.frequencies).reduce(0.0) { sum, n in
          let angle = 2 * Double.pi * Double(n) * Double(t) / Double(shape.period)
          return sum + coefficients[2 * n] * cos(angle) + coefficients[2 * n + 1] * sin(angle)
        }
      }
    }
  }
}
