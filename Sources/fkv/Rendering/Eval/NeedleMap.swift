import Commands
import Foundation

/// A needle test as SVG: a heat map for each method, lengths across and depths down, from nothing found to all found.
/// Light or dark as the reader's system is; no script, no outside fonts.
struct NeedleMap {
  private static let cell = (width: 60.0, height: 26.0)
  /// Room left of, above and below a grid.
  private static let margin = (left: 64.0, top: 52.0, bottom: 44.0)
  private static let top = 64.0
  private static let gap = 24.0

  private let report: NeedleReport
  private let panel: (width: Double, height: Double)
  private let columns: Int

  init(_ report: NeedleReport) {
    self.report = report
    panel = (
      // No narrower than the heading of a grid.
      max(200, Self.margin.left + Self.cell.width * Double(report.lengths.count)),
      Self.margin.top + Self.cell.height * Double(report.depths.count) + Self.margin.bottom
    )
    let fitting = Int((960 - Self.gap) / (panel.width + Self.gap))
    columns = max(1, min(report.methods.count, fitting))
  }

  /// The whole file.
  var svg: String {
    let rows = (report.methods.count + columns - 1) / columns
    let width = max(560, Self.gap + Double(columns) * (panel.width + Self.gap))
    let height = Self.top + Double(rows) * panel.height + 8
    let size = "\(number(width)) \(number(height))"
    let head = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(number(width))" \
      height="\(number(height))" role="img" aria-labelledby="title">
      <title id="title">Needles found by length and depth with \(report.methods.count) methods</title>
      <style>
      \(Self.style)
      </style>
      <rect class="back" width="\(number(width))" height="\(number(height))"/>
      """
    let panels = report.methods.enumerated().flatMap { index, method in
      draw(
        method, x: Self.gap + Double(index % columns) * (panel.width + Self.gap),
        y: Self.top + Double(index / columns) * panel.height)
    }
    return ([head] + headings + panels + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private var headings: [String] {
    let model = report.head.settings["model"]?.split(separator: "(").first?.trimmingCharacters(in: .whitespaces)
    return [
      text(Self.gap, 28, "Needle in a haystack" + (model.map { ", \($0)" } ?? ""), "title"),
      text(Self.gap, 48, "percent of the needles found; cached tokens across, depth in the text down", "note"),
    ]
  }

  private func draw(_ method: NeedleReport.Method, x: Double, y: Double) -> [String] {
    let (left, top) = (x + Self.margin.left, y + Self.margin.top)
    var parts = [
      text(left, y + 22, method.name, "name"),
      text(left, y + 40, "\(ratio(method)) found \(method.total.found) of \(method.total.trials)", "note"),
    ]
    for (row, depth) in report.depths.enumerated() {
      let middle = top + (Double(row) + 0.5) * Self.cell.height + 4
      parts.append(text(left - 8, middle, "\(Format.plain(depth)) %", "tick end"))
      for column in report.lengths.indices {
        let fraction = method.places[row][column].fraction
        let place = (x: left + Double(column) * Self.cell.width, y: top + Double(row) * Self.cell.height)
        let shade = fraction.map { "f\(Int(($0 * 10).rounded()))" } ?? "none"
        parts.append(
          #"<rect class="cell \#(shade)" x="\#(number(place.x))" y="\#(number(place.y))" "#
            + #"width="\#(number(Self.cell.width - 2))" height="\#(number(Self.cell.height - 2))"/>"#)
        let label = fraction.map { String(format: "%.0f", 100 * $0) } ?? "–"
        parts.append(text(place.x + Self.cell.width / 2 - 1, middle, label, "value middle"))
      }
    }
    let bottom = top + Double(report.depths.count) * Self.cell.height + 16
    for (column, length) in report.lengths.enumerated() {
      parts.append(text(left + (Double(column) + 0.5) * Self.cell.width - 1, bottom, "\(length)", "tick middle"))
    }
    return parts
  }

  /// `12.1×,`, or from the least to the largest where lengths differ.
  private func ratio(_ method: NeedleReport.Method) -> String {
    let ratios = method.ratios.compactMap { $0 }
    guard let least = ratios.min(), let largest = ratios.max() else { return "" }
    let (low, high) = (Format.ratio(least), Format.ratio(largest))
    return low == high ? "\(low)," : "\(Format.significant(least))–\(high),"
  }

  private func text(_ x: Double, _ y: Double, _ content: String, _ style: String) -> String {
    #"<text class="\#(style)" x="\#(number(x))" y="\#(number(y))">\#(Markup.escaped(content))</text>"#
  }

  private func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
