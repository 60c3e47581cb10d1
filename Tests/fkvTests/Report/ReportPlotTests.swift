import Commands
import Testing

@testable import fkv

/// Scales, axes and texts of the report's plots.
@Suite struct ReportPlotTests {
  @Test func theHeatMapsScale() {
    let scale = HeatMap((0...8).map { 0.01 * Double(1 << $0) } + [0, .infinity, .nan])
    #expect(scale.range == 0.01...2.56)
    #expect(scale.style(0) == "h0" && scale.style(.infinity) == "h9" && scale.style(.nan) == "h9")
    for step in 0..<8 { #expect(scale.style(0.01 * Double(1 << step) * 1.5) == "h\(step + 1)") }
    #expect(scale.style(0.01) == "h1" && scale.style(2.56) == "h8" && scale.style(0.001) == "h1")
    #expect(scale.style(100) == "h8")
  }

  @Test func heatMapsOfFewNumbers() {
    #expect(HeatMap([]).range == nil && HeatMap([0, 0]).range == nil && HeatMap([.nan]).range == nil)
    #expect(HeatMap([0]).style(0) == "h0" && HeatMap([]).style(.infinity) == "h9")
    #expect(HeatMap([3, 3]).style(3) == "h1" && MarkupCheck.fault(in: HeatMap([3]).legend.source) == nil)
    // One number in fifty may lie below the scale.
    #expect(HeatMap([1e-6] + Array(repeating: 1, count: 50)).range == 1...1)
  }

  @Test func linearAxes() {
    let axis = LinearAxis(range: 0...0.15, pixels: (200, 0))
    #expect(axis.position(0) == 200 && axis.position(0.15) == 0)
    #expect(axis.labels(most: 7).map { AxisText.plain($0) } == ["0", "0.05", "0.1", "0.15"])
    #expect(LinearAxis(range: 0...1023, pixels: (0, 1)).labels(most: 6) == [0, 200, 400, 600, 800, 1000])
    #expect(LinearAxis(range: 5...5, pixels: (0, 1)).labels(most: 6) == [5])
    for length in 1...500 {
      let labels = LinearAxis(range: 0...Double(length), pixels: (0, 1)).labels(most: 6)
      #expect((2...7).contains(labels.count) && labels.allSatisfy { $0 <= Double(length) * (1 + 1e-9) })
    }
  }

  @Test func logarithmicAxesHaveFewLabels() {
    #expect(LogAxis([0.1, 1], pixels: (0, 1)).labels(most: 7) == [0.1, 0.2, 0.5, 1])
    #expect(
      LogAxis([1e-4, 10], pixels: (0, 1)).labels(most: 7).map { AxisText.plain($0) }
        == ["10⁻⁴", "0.001", "0.01", "0.1", "1", "10"])
    for exponent in 1...60 {
      let labels = LogAxis([1e-30, 1e-30 * pow10(exponent)], pixels: (0, 1)).labels(most: 7)
      #expect((2...7).contains(labels.count))
    }
    // Numbers that no axis can hold.
    let tiny = Double.leastNonzeroMagnitude
    for values in [[tiny], [1e300], [tiny, 1e300], []] as [[Double]] {
      let axis = LogAxis(values, pixels: (0, 1))
      #expect(axis.range.lowerBound > 0 && axis.range.upperBound.isFinite && !axis.labels(most: 7).isEmpty)
    }
  }

  private func pow10(_ exponent: Int) -> Double { (0..<exponent).reduce(1) { value, _ in 10 * value } }

  @Test func numbersAtAxes() {
    let texts: [(Double, String)] = [
      (0, "0"), (0.02, "0.02"), (50_000, "50000"), (1e-4, "10⁻⁴"), (2e-4, "2·10⁻⁴"), (1e12, "10¹²"), (-0.5, "-0.5"),
      (.infinity, "inf"),
    ]
    for (value, text) in texts { #expect(AxisText.plain(value) == text) }
    #expect(AxisText.plain(0.012345, digits: 2) == "0.012" && AxisText.plain(0.00012345, digits: 2) == "1.2·10⁻⁴")
    #expect(
      [0, 999, 1000, 1_234_567].map { AxisText.grouped($0) } == ["0", "999", "1\u{202F}000", "1\u{202F}234\u{202F}567"])
  }

  @Test func commandLinesAsAShellTakesThem() {
    #expect(OriginSection.commandLine(["report", "a/b.fkv", "-o", "x"]) == "fkv report a/b.fkv -o x")
    #expect(OriginSection.commandLine(["it's", "", "a b\nc", "$(x)"]) == #"fkv 'it'\''s' '' 'a b c' '$(x)'"#)
    #expect(OriginSection.commandLine([String(repeating: "word ", count: 1000)]).count < 260)
  }

  @Test func runningMeans() {
    #expect(PredictionSection.means([1, 2, 3], window: 1) == [1, 2, 3])
    #expect(PredictionSection.means([1, 2, 3, 10], window: 3) == [1.5, 2, 5, 6.5])
    #expect(PredictionSection.means([], window: 4) == [])
  }

  /// The marked point, and a plot in a page that has its own `text` rules.
  @Test func theMarkedPoint() {
    let method = RateErrorPlot.Method(
      name: "a<b", isProduct: false,
      points: [RateCurve.Point(ratio: 2, error: 0.1), RateCurve.Point(ratio: 4, error: 0.4)])
    func plot(_ ratio: Double, _ error: Double) -> RateErrorPlot {
      RateErrorPlot(
        methods: [method], title: "", note: "",
        mark: RateErrorPlot.Mark(name: "this file", point: RateCurve.Point(ratio: ratio, error: error)))
    }
    let inline = plot(3, 0.01).inline
    #expect(inline.contains(#"class="mark""#) && inline.contains(">this file</text>") && !inline.contains("<style>"))
    #expect(MarkupCheck.fault(in: inline) == nil && inline.contains("a&lt;b"))
    let exact = plot(3, 0).inline
    #expect(!exact.contains(#"class="mark""#) && exact.contains("without error: this file 3.00×"))
    #expect(!plot(3, .infinity).inline.contains(#"class="mark""#))
    #expect(
      RateErrorPlot.style(scope: ".x").split(separator: "\n").allSatisfy {
        $0.hasPrefix(".x ") || "@}".contains($0.first!)
      })
  }
}
