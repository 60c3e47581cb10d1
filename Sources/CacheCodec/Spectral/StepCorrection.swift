#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Finds the scale of the steps at which a measured deviation vanishes: along the estimated slope, or that of the last
/// two trials, until deviations of both signs are known; then between the nearest two of them, where no estimate can
/// lead astray.
struct StepCorrection: Sendable {
  /// log(scale) to try next, 0 at first.
  private(set) var logScale = 0.0

  private struct Point: Sendable {
    var logScale: Double
    var deviation: Double
  }

  /// The tried scales between which the deviation changes its sign; nil on a side that was not met.
  private var below: Point?
  private var above: Point?
  private var last: Point?

  /// Takes what the current scale, or another one that was tried instead, gave and moves on; false if that leads nowhere
  /// (a deviation that is no number).
  mutating func update(deviation: Double, slope: Double, at tried: Double? = nil) -> Bool {
    guard deviation.isFinite, slope.isFinite, slope != 0 else { return false }
    logScale = tried ?? logScale
    let point = Point(logScale: logScale, deviation: deviation)
    var slope = slope
    if let last {
      // Measured slopes of another sign, or far from the estimate, come from noise.
      let measured = (deviation - last.deviation) / (logScale - last.logScale)
      if (0.2...5).contains(measured / slope) { slope = measured }
    }
    last = point
    if deviation < 0 { below = point } else { above = point }
    if let below, let above {
      let share = below.deviation / (below.deviation - above.deviation)
      // Never closer to a known point than a tenth of the way: the interval shrinks whatever the curve.
      logScale = below.logScale + min(max(share, 0.1), 0.9) * (above.logScale - below.logScale)
    } else {
      logScale -= min(max(deviation / slope, -log(5)), log(5))
    }
    return true
  }
}
