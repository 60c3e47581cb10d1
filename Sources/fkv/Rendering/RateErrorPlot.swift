import Foundation
import FourierKV

/// The rate–error plot of one capture as SVG: ratio against attention-output error, both logarithmic, one line a method
/// with its name beside it. Light or dark as the reader's system is; no script, no outside fonts.
struct RateErrorPlot {
  private static let size = (width: 800.0, height: 560.0)
  private static let area = (left: 64.0, right: 736.0, top: 76.0, bottom: 504.0)

  /// One method's points.
  private struct Line {
    var method: String
    var isProduct: Bool
    /// Its class: which colour.
    var index: Int
    /// In pixels.
    var points: [LabelRoom.Point]
    /// Those that no other point of the method beats, from left to right: what the line joins.
    var frontier: [LabelRoom.Point]
  }

  private let report: BenchReport
  private let x: LogAxis
  private let y: LogAxis
  private let lines: [Line]
  /// Methods without error, which a logarithmic axis cannot show.
  private let exact: [String]

  init(_ report: BenchReport) {
    self.report = report
    let shown = report.points.filter { $0.comparison.attention.mean > 0 && $0.comparison.attention.mean.isFinite }
    let x = LogAxis([1] + shown.map(\.size.ratio), pixels: (Self.area.left, Self.area.right))
    let y = LogAxis(shown.map(\.comparison.attention.mean), pixels: (Self.area.bottom, Self.area.top))
    (self.x, self.y) = (x, y)
    lines = report.methods.compactMap { method in
      let points = shown.filter { $0.method == method }
      guard let first = points.first else { return nil }
      // By name, so that a method has the same colour in every plot.
      let index = BenchPipeline.methodNames.firstIndex(of: method) ?? 0
      func place(_ point: RateCurve.Point) -> LabelRoom.Point { (x.position(point.ratio), y.position(point.error)) }
      let all = points.map { RateCurve.Point(ratio: $0.size.ratio, error: $0.comparison.attention.mean) }
      return Line(
        method: method, isProduct: first.isProduct, index: index % Self.colours.count, points: all.map(place),
        frontier: RateCurve(all).frontier.map(place))
    }
    exact = report.methods.compactMap { method in
      let best = report.points.filter { $0.method == method && $0.comparison.attention.mean == 0 }
        .map(\.size.ratio).max()
      return best.map { "\(method) \(Format.ratio($0))" }
    }
  }

  /// The whole file.
  var svg: String {
    let head = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 560" width="800" height="560" role="img" \
      aria-labelledby="title">
      <title id="title">Compression ratio and attention-output error of \(report.methods.count) methods</title>
      <style>
      \(Self.style)
      </style>
      <rect class="back" width="800" height="560"/>
      """
    return ([head] + headings + grid + lines.map(curve) + labels + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private var headings: [String] {
    let model = report.description.model.name
    let geometry = CacheHeadText.geometry(report.description.geometry)
    var rows = [
      text(64, 26, "\(model.isEmpty ? "" : model + ", ")\(BenchText.name(report))", "title"),
      text(64, 45, "\(geometry); everything in the file counted; lower right is better", "note"),
    ]
    if !exact.isEmpty { rows.append(text(64, 62, "without error: \(exact.joined(separator: ", "))", "note")) }
    return rows
  }

  private var grid: [String] {
    let (left, right, top, bottom) = Self.area
    var parts: [String] = []
    for tick in x.ticks {
      let at = x.position(tick)
      parts.append(#"<path class="grid" d="M\#(number(at)) \#(number(top))V\#(number(bottom))"/>"#)
      parts.append(text(at, bottom + 18, "\(plain(tick))×", "tick middle"))
    }
    for tick in y.ticks {
      let at = y.position(tick)
      parts.append(#"<path class="grid" d="M\#(number(left)) \#(number(at))H\#(number(right))"/>"#)
      parts.append(text(left - 8, at + 4, plain(tick), "tick end"))
    }
    parts.append(text((left + right) / 2, bottom + 40, "ratio: 16-bit cache over file", "axis middle"))
    parts.append(
      #"<text class="axis middle" transform="translate(18 \#(number((top + bottom) / 2))) rotate(-90)">"#
        + "attention-output error, mean</text>")
    return parts
  }

  private func curve(_ line: Line) -> String {
    let path = line.frontier.enumerated().map {
      "\($0.offset == 0 ? "M" : "L")\(number($0.element.x)) \(number($0.element.y))"
    }
    let style = line.isProduct ? " own" : ""
    return
      ([#"<path class="line c\#(line.index)\#(style)" d="\#(path.joined())"/>"#]
      + line.points.map {
        #"<circle class="dot c\#(line.index)" cx="\#(number($0.x))" cy="\#(number($0.y))" r="\#(line.isProduct ? 4 : 3)"/>"#
      }).joined(separator: "\n")
  }

  /// Names beside their lines, where they touch least.
  private var labels: [String] {
    var room = LabelRoom(bounds: (4, Self.size.width - 4, Self.area.top, Self.area.bottom - 2))
    for line in lines {
      room.avoid(path: line.frontier)
      for point in line.points { room.avoid(point) }
    }
    return lines.map { line in
      let place = room.place(width: 7 * Double(line.method.count), near: line.frontier)
      return text(place.x, place.y, line.method, "label c\(line.index)\(line.isProduct ? " own" : "")")
    }
  }

  private func text(_ x: Double, _ y: Double, _ content: String, _ style: String) -> String {
    let escaped = content.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    return #"<text class="\#(style)" x="\#(number(x))" y="\#(number(y))">\#(escaped)</text>"#
  }

  private func number(_ value: Double) -> String { String(format: "%.1f", value) }

  /// A tick's number without needless digits.
  private func plain(_ value: Double) -> String { String(format: "%g", value) }
}
