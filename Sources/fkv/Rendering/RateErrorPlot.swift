import Commands
import Foundation

/// The rate–error plot of one capture as SVG: ratio against attention-output error, both logarithmic, one line a method
/// with its name next to it. Light or dark as the reader's system is; no script, no outside fonts.
struct RateErrorPlot {
  /// A method's settings as points.
  struct Method {
    var name: String
    /// Whether it is one of fkv's own profiles.
    var isProduct: Bool
    var points: [RateCurve.Point]
  }

  /// A point that is to be seen among the others.
  struct Mark {
    var name: String
    var point: RateCurve.Point
  }

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

  private let headings: [String]
  private let summary: String
  private let x: LogAxis
  private let y: LogAxis
  private let lines: [Line]
  /// Methods without error, which a logarithmic axis cannot show.
  private let exact: [String]
  private let mark: Mark?

  /// - Parameters:
  ///   - title: a line above the plot; empty for none.
  ///   - note: a smaller line below it.
  ///   - mark: a point drawn as a ring with its name.
  init(methods: [Method], title: String, note: String, mark: Mark? = nil) {
    func isShown(_ point: RateCurve.Point) -> Bool {
      LogAxis.drawable.contains(point.error) && LogAxis.drawable.contains(point.ratio)
    }
    self.mark = mark.flatMap { isShown($0.point) ? $0 : nil }
    let shown = methods.flatMap(\.points).filter(isShown) + [self.mark?.point].compactMap { $0 }
    let x = LogAxis([1] + shown.map(\.ratio), pixels: (Self.area.left, Self.area.right))
    let y = LogAxis(shown.map(\.error), pixels: (Self.area.bottom, Self.area.top))
    (self.x, self.y) = (x, y)
    lines = methods.compactMap { method in
      let points = method.points.filter(isShown)
      guard !points.isEmpty else { return nil }
      // By name, so that a method has the same colour in every plot.
      let index = BenchPipeline.methodNames.firstIndex(of: method.name) ?? 0
      func place(_ point: RateCurve.Point) -> LabelRoom.Point { (x.position(point.ratio), y.position(point.error)) }
      return Line(
        method: method.name, isProduct: method.isProduct, index: index % Self.colours.count,
        points: points.map(place), frontier: RateCurve(points).frontier.map(place))
    }
    let all = methods + (mark.map { [Method(name: $0.name, isProduct: true, points: [$0.point])] } ?? [])
    exact = all.compactMap { method in
      let best = method.points.filter { $0.error == 0 }.map(\.ratio).max()
      return best.map { "\(method.name) \(Format.ratio($0))" }
    }
    headings = [title, note]
    summary = "Compression ratio and attention-output error of \(methods.count) methods"
  }

  /// The plot of what `fkv bench` measured on one capture.
  init(_ report: BenchReport) {
    let model = report.description.model.name
    let geometry = CacheHeadText.geometry(report.description)
    self.init(
      methods: report.methods.map { method in
        let points = report.points.filter { $0.method == method }
        return Method(
          name: method, isProduct: points[0].isProduct,
          points: points.map { RateCurve.Point(ratio: $0.size.ratio, error: $0.comparison.attention.mean) })
      }, title: "\(model.isEmpty ? "" : model + ", ")\(BenchText.name(report.capture))",
      note: "\(geometry); everything in the file counted; lower right is better")
  }

  /// The whole file.
  var svg: String { element(attributes: #"xmlns="http://www.w3.org/2000/svg" "#, top: 0, style: Self.style()) }

  /// The element for a page that has the rules of `style(scope:)` itself, without room for a title.
  var inline: String { element(attributes: "", top: 34, style: nil) }

  private func element(attributes: String, top: Int, style: String?) -> String {
    let head = """
      <svg \(attributes)viewBox="0 \(top) 800 \(560 - top)" width="800" height="\(560 - top)" role="img" \
      aria-labelledby="rate-error-plot-title">
      <title id="rate-error-plot-title">\(summary)</title>
      """
    let rules = style.map { ["<style>\n\($0)\n</style>"] } ?? []
    let back = #"<rect class="back" width="800" height="560"/>"#
    return
      (([head] + rules + [back] + heading + grid) + (lines.map(curve) + ring + labels) + ["</svg>"])
      .joined(separator: "\n") + "\n"
  }

  private var heading: [String] {
    var rows: [String] = []
    if !headings[0].isEmpty { rows.append(text(64, 26, headings[0], "title")) }
    if !headings[1].isEmpty { rows.append(text(64, 45, headings[1], "note")) }
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

  /// Where the marked point lies.
  private var markPlace: LabelRoom.Point? { mark.map { (x.position($0.point.ratio), y.position($0.point.error)) } }

  private var ring: [String] {
    markPlace.map { [#"<circle class="mark" cx="\#(number($0.x))" cy="\#(number($0.y))" r="8"/>"#] } ?? []
  }

  /// Names next to their lines, where they touch least; the marked point's first.
  private var labels: [String] {
    var room = LabelRoom(bounds: (4, Self.size.width - 4, Self.area.top, Self.area.bottom - 2))
    for line in lines {
      room.avoid(path: line.frontier)
      for point in line.points { room.avoid(point) }
    }
    var labels: [String] = []
    if let mark, let at = markPlace {
      let place = room.place(width: 7 * Double(mark.name.count), near: [(at.x + 4, at.y), (at.x - 4, at.y)])
      labels.append(text(place.x, place.y, mark.name, "label marked"))
    }
    return labels
      + lines.map { line in
        let place = room.place(width: 7 * Double(line.method.count), near: line.frontier)
        return text(place.x, place.y, line.method, "label c\(line.index)\(line.isProduct ? " own" : "")")
      }
  }

  private func text(_ x: Double, _ y: Double, _ content: String, _ style: String) -> String {
    #"<text class="\#(style)" x="\#(number(x))" y="\#(number(y))">\#(Markup.escaped(content))</text>"#
  }

  private func number(_ value: Double) -> String { String(format: "%.1f", value) }

  /// A tick's number without needless digits.
  private func plain(_ value: Double) -> String { String(format: "%g", value) }
}
