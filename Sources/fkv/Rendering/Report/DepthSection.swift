import Commands
import FourierKV

/// Errors by the token's position and by layer.
struct DepthSection {
  private let depth: DepthErrors
  private let comparison: CacheComparison

  init(_ contents: ReportContents) {
    depth = contents.depth
    comparison = contents.comparison
  }

  private var all: [Double] { (depth.keys + depth.values).compactMap { $0 } }

  var section: ReportPage.Section {
    ReportPage.Section(
      id: "depth", title: "Error by depth",
      body: """
        <p>How far keys and values are off, ‖x−x̃‖₂ / ‖x‖₂: over the tokens of neighbouring positions, averaged over the
        layers that hold them, and by layer over all tokens, next to the layer's mean attention-output error.</p>
        \(plots)
        \(Figure.details("Errors by position as a table", table))
        """)
  }

  private static let keys = Figure.line("line key", "keys")
  private static let values = Figure.line("line value", "values")

  private var plots: Markup {
    guard let most = all.max(), most > 0 else {
      return "<p class=\"verdict\">Every key and value is the full cache's, bit for bit.</p>"
    }
    let attention = Figure.line("line attention", "attention output")
    return """
      <div class="pair">
      \(Figure.element("Along the prompt: \(depth.buckets.count) groups of positions", legend: [Self.keys, Self.values], alongPrompt))
      \(Figure.element("Through the layers", legend: [Self.keys, Self.values, attention], throughLayers))
      </div>
      """
  }

  private static func scale(_ errors: [Double]) -> LinearAxis {
    LinearAxis(range: 0...1.05 * (errors.filter(\.isFinite).max() ?? 1), pixels: LinePlot.upward)
  }

  private var alongPrompt: Markup {
    var plot = LinePlot(
      "Relative error of keys and values by position", id: "depth-plot",
      x: LinearAxis(range: 0...Double(depth.buckets.last?.upperBound ?? 1), pixels: LinePlot.across),
      y: Self.scale(all), xLabel: "position", yLabel: "relative error")
    for (errors, style) in [(depth.keys, "line key"), (depth.values, "line value")] {
      plot.add(
        line: zip(depth.buckets, errors).map { positions, error in
          error.map { (Double(positions.lowerBound + positions.upperBound) / 2, $0) }
        }, style: style)
    }
    return plot.markup
  }

  private var throughLayers: Markup {
    let lines = [
      (comparison.keyErrors, "line key"), (comparison.valueErrors, "line value"),
      (comparison.attention.layerMeans, "line attention"),
    ]
    var plot = LinePlot(
      "Relative error of keys, values and attention output by layer", id: "layer-plot",
      x: LinearAxis(range: 0...Double(max(1, comparison.keyErrors.count - 1)), pixels: LinePlot.across),
      y: Self.scale(lines.flatMap(\.0)), xLabel: "layer", yLabel: "relative error")
    for (errors, style) in lines {
      plot.add(
        line: errors.enumerated().map { $0.element.isFinite ? (Double($0.offset), $0.element) : nil }, style: style)
    }
    return plot.markup
  }

  private var table: HTMLTable {
    var table = HTMLTable("Relative error by position", head: ["positions", "keys", "values"])
    for (index, positions) in depth.buckets.enumerated() {
      func text(_ error: Double?) -> String { error.map(Format.significant) ?? "–" }
      let last = positions.upperBound - 1
      table.add([
        positions.count == 1 ? "\(last)" : "\(positions.lowerBound)–\(last)", text(depth.keys[index]),
        text(depth.values[index]),
      ])
    }
    return table
  }
}
