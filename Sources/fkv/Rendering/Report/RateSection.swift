import Commands

/// Where the file lies among other methods, if a bench result was given.
struct RateSection {
  private let contents: ReportContents

  init(_ contents: ReportContents) { self.contents = contents }

  private var own: RateCurve.Point {
    RateCurve.Point(ratio: contents.inspection.size.ratio, error: contents.comparison.attention.mean)
  }

  var section: ReportPage.Section {
    ReportPage.Section(
      id: "rate-error", title: "Rate and error among methods", body: contents.rates.map(body) ?? Self.hint)
  }

  private static let hint: Markup = """
    <p class="hint">No bench result was given. <code>fkv bench REFERENCE --json &gt; bench.json</code> measures fkv's
    profiles and other methods on the same cache; <code>fkv report … --bench bench.json</code> shows this file among
    them.</p>
    """

  private func body(_ rates: BenchResult.Capture) -> Markup {
    let methods = Self.methods(rates)
    let plot = RateErrorPlot(
      methods: methods, title: "", note: "everything in each file counted; lower right is better",
      mark: RateErrorPlot.Mark(name: "this file", point: own))
    let name = String(rates.capture.split(separator: "/").last ?? "").clipped()
    let place: Markup =
      own.error > 0
      ? "The ring is this file: \(Format.ratio(own.ratio)) at \(Format.significant(own.error))."
      : "This file has no error, which has no place on the axis: \(Format.ratio(own.ratio))."
    return """
      <p>Each point is a method at one setting, measured by <code>fkv bench</code> on \(name) with the error of the section
      above; a line joins a method's points that none of its others beats. \(place)</p>
      <div class="scroll rate-error" tabindex="0" role="region" aria-label="Rate–error plot">
      \(Markup(trusted: plot.inline))</div>
      \(Figure.details("Points as a table", Self.table(rates)))
      """
  }

  /// By method in the order of first appearance.
  private static func methods(_ rates: BenchResult.Capture) -> [RateErrorPlot.Method] {
    var order: [String] = []
    var methods: [String: RateErrorPlot.Method] = [:]
    for point in rates.points {
      let name = point.method.clipped(24)
      if methods[name] == nil {
        order.append(name)
        methods[name] = RateErrorPlot.Method(name: name, isProduct: point.isProduct, points: [])
      }
      methods[name]!.points.append(point.rate)
    }
    return order.map { methods[$0]! }
  }

  private static func table(_ rates: BenchResult.Capture) -> HTMLTable {
    var table = HTMLTable("Methods by setting", head: ["method", "setting", "ratio", "attention-output error"])
    for point in rates.points {
      table.add([
        point.method.clipped(24), point.setting.clipped(60), Format.ratio(point.rate.ratio),
        Format.significant(point.rate.error),
      ])
    }
    return table
  }
}
