import Foundation

/// Numbers above 0 as cells of a colour scale: rows of cells, equal ratios in equal steps.
struct HeatMap {
  /// Steps of the scale; the style sheet has a colour for each, `h1` the least.
  static let steps = 8

  /// Where the scale begins and ends; nil if there is nothing to show.
  let range: ClosedRange<Double>?

  /// The scale of some numbers; those that are 0 or not finite have none. It begins at the number that a fiftieth of
  /// them does not exceed: a few far smaller ones would take most of the scale.
  init(_ values: [Double]) {
    let shown = values.filter { LogAxis.drawable.contains($0) }.sorted()
    range = shown.last.map { shown[(shown.count - 1) / 50]...$0 }
  }

  /// The class of a number: `h0` for 0, `h1` … `h8`, `h9` for what is beyond all numbers.
  func style(_ value: Double) -> String {
    guard value.isFinite, let range else { return value == 0 ? "h0" : "h9" }
    guard value != 0 else { return "h0" }
    guard value > range.lowerBound, range.lowerBound < range.upperBound else { return "h1" }
    let share = log(value / range.lowerBound) / log(range.upperBound / range.lowerBound)
    return "h\(1 + min(Self.steps - 1, max(0, Int(share * Double(Self.steps)))))"
  }

  /// Where a step begins; step `steps` is the scale's end.
  private func edge(_ step: Int) -> Double {
    guard let range else { return 0 }
    return range.lowerBound * pow(range.upperBound / range.lowerBound, Double(step) / Double(Self.steps))
  }

  /// The scale with its numbers.
  var legend: Markup {
    guard let range else { return "" }
    let (left, width) = (8.0, 40.0)
    let steps = range.lowerBound < range.upperBound ? Self.steps : 1
    let cells = (0..<steps).map { step -> Markup in
      let span = "\(step == 0 ? "up" : Format.significant(edge(step))) to \(Format.significant(edge(step + 1)))"
      return """
        <rect class="h\(step + 1)" x="\(px: left + width * Double(step))" y="4" width="\(px: width)" height="14">\
        <title>\(span)</title></rect>
        """
    }
    let ticks = stride(from: 0, through: steps, by: 2).map { step -> Markup in
      let anchor = step == 0 ? "" : step == steps ? "end" : "middle"
      let value = steps == 1 ? range.lowerBound : edge(step)
      let text = (step == 0 && steps > 1 ? "≤ " : "") + AxisText.plain(value, digits: 2)
      return """
        <text class="\(anchor)" x="\(px: left + width * Double(step))" y="32">\(text)</text>
        """
    }
    return """
      <svg class="plot key" viewBox="0 0 336 38" role="img" aria-labelledby="scale-title">
      <title id="scale-title">Colour scale, logarithmic</title>
      \(cells)
      \(ticks)
      </svg>
      """
  }
}
