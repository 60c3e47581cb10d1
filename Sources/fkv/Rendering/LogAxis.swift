import Foundation

/// A logarithmic axis from data to pixels.
struct LogAxis {
  let range: ClosedRange<Double>
  /// Where the lower and the upper end lie.
  let pixels: (Double, Double)

  /// What an axis can show: beyond it, powers of ten are no numbers any more.
  static let drawable = 1e-30...1e30

  /// An axis over `values` (all above 0) that ends at 1, 2 or 5 times a power of ten; at least a factor of two long.
  init(_ values: [Double], pixels: (Double, Double)) {
    let values = values.map { Swift.min(Swift.max($0, Self.drawable.lowerBound), Self.drawable.upperBound) }
    let low = values.min() ?? 1
    let high = Swift.max(values.max() ?? 10, 1.5 * low)
    let below = Self.round(low, up: false)
    range = below...Swift.max(Self.round(high, up: true), 2 * below)
    self.pixels = pixels
  }

  func position(_ value: Double) -> Double {
    let share = log(value / range.lowerBound) / log(range.upperBound / range.lowerBound)
    return pixels.0 + share * (pixels.1 - pixels.0)
  }

  /// 1, 2 and 5 times powers of ten within the range.
  var ticks: [Double] {
    let first = Int(log10(range.lowerBound).rounded(.down))
    let last = Int(log10(range.upperBound).rounded(.up))
    return (first...last).flatMap { exponent in [1.0, 2, 5].map { $0 * pow(10, Double(exponent)) } }
      .filter { $0 >= range.lowerBound * 0.999 && $0 <= range.upperBound * 1.001 }
  }

  private static func round(_ value: Double, up: Bool) -> Double {
    let decade = pow(10, log10(value).rounded(.down))
    let steps = [1.0, 2, 5, 10].map { $0 * decade }
    return up ? steps.first { $0 >= value * 0.999 } ?? 10 * decade : steps.last { $0 <= value * 1.001 } ?? decade
  }
}
