import Foundation

/// HTML or SVG that is safe to put into a page: what is interpolated as text is escaped, literals and other markup are
/// not. Only `init(trusted:)` turns a text into markup as it is, so nothing that comes from a file becomes an element.
struct Markup: ExpressibleByStringInterpolation, Equatable {
  private(set) var source: String

  init(stringLiteral value: String) { source = value }
  init(stringInterpolation: Interpolation) { source = stringInterpolation.source }

  /// Pieces one after another, each on a line of its own.
  init(lines: [Markup]) { source = lines.map(\.source).joined(separator: "\n") }

  /// What the program wrote itself, with every text from elsewhere escaped by `escaped`.
  init(trusted source: String) { self.source = source }

  struct Interpolation: StringInterpolationProtocol {
    var source = ""

    init(literalCapacity: Int, interpolationCount: Int) { source.reserveCapacity(2 * literalCapacity) }
    mutating func appendLiteral(_ literal: String) { source += literal }
    mutating func appendInterpolation(_ text: String) { source += Markup.escaped(text) }
    mutating func appendInterpolation(_ number: Int) { source += String(number) }
    mutating func appendInterpolation(_ markup: Markup) { source += markup.source }
    mutating func appendInterpolation(_ lines: [Markup]) { source += Markup(lines: lines).source }
    /// A coordinate: one digit after the point, if any.
    mutating func appendInterpolation(px value: Double) {
      let text = String(format: "%.1f", value)
      source += text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
  }

  /// A text in which no character means anything to HTML, SVG or the order of writing.
  ///
  /// Control characters, which HTML does not allow, and those that turn the order of a whole line around become U+FFFD.
  static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}",
        "\u{FFFE}", "\u{FFFF}":
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension String {
  /// The text, cut to `count` characters where it is longer.
  func clipped(_ count: Int = 160) -> String { self.count > count ? "\(prefix(count - 1))…" : self }
}
