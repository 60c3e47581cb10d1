#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Cosine and sine of an angle.
struct UnitAngle {
  var cosine: Double
  var sine: Double

  /// Of 2π·k/period.
  init(_ k: Int, of period: Int) {
    let angle = 2 * Double.pi * Double(k) / Double(period)
    cosine = cos(angle)
    sine = sin(angle)
  }

  /// Of the sum of two angles.
  func turned(by other: UnitAngle) -> UnitAngle {
    var result = self
    result.cosine = cosine * other.cosine - sine * other.sine
    result.sine = sine * other.cosine + cosine * other.sine
    return result
  }
}
