import Foundation

/// Numbers as people read them; the same in every locale.
enum Format {
  /// Three significant digits, no exponent: `0.0832`, `13.4`, `1250`.
  static func significant(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    guard value != 0 else { return "0" }
    let magnitude = Int(log10(abs(value)).rounded(.down))
    return String(format: "%.\(max(0, 2 - magnitude))f", value)
  }

  /// `1.23 MB`: decimal units, three digits.
  static func bytes(_ count: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(count) B" : "\(significant(value)) \(units[unit])"
  }

  /// `12.3 %`.
  static func percent(_ part: Int, of whole: Int) -> String {
    whole == 0 ? "0 %" : String(format: "%.1f %%", 100 * Double(part) / Double(whole))
  }

  /// `13.4×`.
  static func ratio(_ value: Double) -> String { "\(significant(value))×" }

  /// `12.1×`, or `8.53× of 12.0×` where that much was asked for and not reached.
  static func ratio(_ value: Double, unmet asked: Double?) -> String {
    ratio(value) + (asked.map { " of \(ratio($0))" } ?? "")
  }

  /// `1.23 s`.
  static func seconds(_ value: Double) -> String { "\(significant(value)) s" }

  /// `25`, `0.5`, `33.3`: up to three digits without needless zeros.
  static func plain(_ value: Double) -> String { String(format: "%.3g", value) }

  /// `66.67`: two digits after the point.
  static func hundredths(_ value: Double) -> String { String(format: "%.2f", value) }

  /// `+1.23 %`, `−0.0400 %`.
  static func change(_ fraction: Double) -> String {
    "\(fraction < 0 ? "−" : "+")\(significant(abs(100 * fraction))) %"
  }

  /// `45 s`, `12 min`, `3 h 20 min`: as exact as an estimate is.
  static func duration(_ seconds: Double) -> String {
    if seconds < 90 { return "\(Int(seconds.rounded())) s" }
    let minutes = Int((seconds / 60).rounded())
    return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
  }
}
