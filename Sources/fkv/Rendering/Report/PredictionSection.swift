import Commands
import Fidelity

/// What the model predicts over the reloaded cache, if it went on from both.
struct PredictionSection {
  private let predictions: PredictionComparison?

  init(_ predictions: PredictionComparison?) { self.predictions = predictions }

  var section: ReportPage.Section {
    ReportPage.Section(
      id: "predictions", title: "What the model goes on with", body: predictions.map(body) ?? Self.hint)
  }

  private static let hint: Markup = """
    <p class="hint">No continuation was given. <code>fkv report … --model M.gguf --continue TEXT</code> lets the model go on
    from both caches, and shows KL divergence, perplexity and top-1 agreement here.</p>
    """

  private func body(_ found: PredictionComparison) -> Markup {
    """
    <p>The model went on from the full and from the reloaded cache with the same \(found.count + 1) tokens; its predictions
    p and q of each next token are compared. KL is Σ p (ln p − ln q) over the vocabulary, in nats.</p>
    <div class="pair">
    \(figures(found).markup)
    \(curve(found))
    </div>
    """
  }

  private func figures(_ found: PredictionComparison) -> HTMLTable {
    var table = HTMLTable("Over \(found.count) scored tokens", head: ["measure", "value"])
    table.add(["KL divergence, mean", Format.significant(found.meanDivergence)])
    table.add(["KL divergence, 99th percentile", Format.significant(found.divergence(quantile: 0.99))])
    table.add(["KL divergence, largest", Format.significant(found.largestDivergence)])
    table.add(["perplexity, full cache", Format.significant(found.perplexityFull)])
    table.add(["perplexity, reloaded cache", Format.significant(found.perplexityRestored)])
    table.add(["top-1 agreement", "\(Format.significant(100 * found.topAgreement)) %"])
    return table
  }

  /// Each token's divergence as a dot, and the mean of the tokens around it.
  private func curve(_ found: PredictionComparison) -> Markup {
    let shown = found.divergences.filter { LogAxis.drawable.contains($0) }
    guard let most = shown.max() else {
      return "<p class=\"verdict\">The divergence is 0 at every token.</p>"
    }
    let floor = max(most * 1e-6, LogAxis.drawable.lowerBound)
    func raised(_ value: Double) -> Double { min(max(value, floor), most) }
    var plot = LinePlot(
      "KL divergence along the continuation", id: "divergence-plot",
      x: LinearAxis(range: 0...Double(found.count), pixels: LinePlot.across),
      y: LogAxis(shown.map(raised), pixels: LinePlot.upward), xLabel: "tokens after the cache",
      yLabel: "KL divergence, nats")
    plot.add(
      dots: found.divergences.enumerated().map { (Double($0.offset + 1), raised($0.element)) }, style: "dots")
    let window = max(1, found.count / 16)
    plot.add(
      line: Self.means(found.divergences.map(raised), window: window).enumerated().map {
        (Double($0.offset + 1), $0.element)
      }, style: "line key")
    return Figure.element(
      "By token",
      legend: [
        Figure.line("dots", "a token", isDots: true), Figure.line("line key", "mean of \(window) tokens around it"),
      ],
      plot.markup)
  }

  /// At each place the mean of up to `window` numbers around it.
  static func means(_ values: [Double], window: Int) -> [Double] {
    values.indices.map { index in
      let around = max(0, index - window / 2)..<min(values.count, index + (window + 1) / 2)
      return values[around].reduce(0, +) / Double(around.count)
    }
  }
}
