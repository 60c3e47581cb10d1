import Foundation

/// An axis from data to pixels.
protocol PlotAxis {
  /// The pixel of a number.
  func position(_ value: Double) -> Double
  /// At most `most` numbers to be written at the axis.
  func labels(most: Int) -> [Double]
}

extension LogAxis: PlotAxis {
  /// All ticks if they are few enough, else powers of ten, if need be every second or third of them.
  func labels(most: Int) -> [Double] {
    guard ticks.count > most else { return ticks }
    let decades = ticks.filter { abs(log10($0) - log10($0).rounded()) < 1e-9 }
    let every = max(1, (decades.count + most - 1) / max(most, 1))
    return decades.enumerated().filter { $0.offset % every == 0 }.map(\.element)
  }
}

/// A linear axis whose labels are 1, 2 or 5 times a power of ten apart.
struct LinearAxis: PlotAxis {
  let range: ClosedRange<Double>
  let pixels: (Double, Double)

  func position(_ value: Double) -> Double {
    let length = range.upperBound - range.lowerBound
    return pixels.0 + (length > 0 ? (value - range.lowerBound) / length : 0) * (pixels.1 - pixels.0)
  }

  func labels(most: Int) -> [Double] {
    let length = range.upperBound - range.lowerBound
    guard length > 0, length.isFinite, most > 0 else { return [range.lowerBound] }
    let decade = pow(10, log10(length / Double(most)).rounded(.down))
    let step = [1.0, 2, 5, 10].map { $0 * decade }.first { length / $0 <= Double(most) } ?? 10 * decade
    let first = (range.lowerBound / step).rounded(.up)
    return (0...most).map { (first + Double($0)) * step }.filter { $0 <= range.upperBound * (1 + 1e-9) }
  }
}

/// Numbers at axes.
enum AxisText {
  /// `0.02`, `5`, `10⁻⁴`, `2·10⁻⁴`: at most `digits` significant digits.
  static func plain(_ value: Double, digits: Int = 6) -> String {
    let rounded = Double(String(format: "%.\(digits)g", value)) ?? value
    guard rounded != 0, rounded.isFinite, !(0.0009..<99_999.5).contains(abs(rounded)) else {
      return String(format: "%g", rounded)
    }
    let exponent = Int(log10(abs(rounded)).rounded(.down))
    let factor = String(format: "%.\(digits)g", rounded / pow(10, Double(exponent)))
    let power = "10" + String("\(exponent)".map { superscripts[$0] ?? $0 })
    return factor == "1" ? power : "\(factor)·\(power)"
  }

  /// A count with its digits in groups of three: `3 579 980`.
  static func grouped(_ count: Int) -> String {
    let digits = Array(String(count))
    let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[max(0, $0 - 3)..<$0]) }
    return groups.reversed().joined(separator: "\u{202F}")
  }

  private static let superscripts: [Character: Character] = Dictionary(
    uniqueKeysWithValues: zip("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
}
