import CacheCodec
import Commands

/// Spectra along tokens: the full cache's, the reloaded one's, and their difference.
struct SpectrumSection {
  private let spectra: [TokenSpectrum]
  private let profile: Profile

  init(_ contents: ReportContents) {
    spectra = contents.spectra
    profile = contents.inspection.header.profile
  }

  /// The axis reaches this far below the largest energy at most.
  private static let depth = 1e-5

  var section: ReportPage.Section {
    let what: Markup =
      switch profile {
      case .fourier: "the tokens that the file keeps as spectra"
      case .spectral: "the tokens that the file codes coarsest, without first tokens and window"
      default: "all tokens"
      }
    let note: Markup =
      switch profile {
      case .fourier:
        " Profile fourier cuts the spectra of most features off at a frequency, and keeps the other features exactly."
      case .spectral:
        " Profile spectral rounds coefficients with one step, so the difference is much the same at all frequencies."
      default: ""
      }
    return ReportPage.Section(
      id: "spectra", title: "Spectra along tokens",
      body: """
        <p>Energy by frequency along \(what): |X|² of each feature's Fourier transform, summed over features, each layer in
        units of its own mean. Where the difference meets the full cache's line, nothing of it is left.\(note)
        What lies below an axis is drawn at its lower edge.</p>
        \(spectra.isEmpty ? "<p class=\"verdict\">No layer has two tokens that differ.</p>" : panels)
        \(Figure.details("Spectra as a table", table))
        """)
  }

  private static func name(_ signal: TokenSpectrum.Signal) -> String {
    switch signal {
    case .plainKeys: "Keys before RoPE"
    case .cachedKeys: "Keys as cached, after RoPE"
    case .values: "Values"
    }
  }

  private var panels: Markup {
    let figures = spectra.enumerated().map { index, spectrum -> Markup in
      let style = spectrum.signal == .values ? "value" : "key"
      let lost =
        spectrum.lostShare == 0
        ? "no difference" : "the difference has \(Format.significant(100 * spectrum.lostShare)) % of the energy"
      return Figure.element(
        """
        <b>\(Self.name(spectrum.signal))</b>: \(lost); frequency 0, the mean over tokens, has \
        \(Format.significant(100 * spectrum.constantShare)) % of all and is not drawn
        """,
        legend: [
          Figure.line("line full", "full cache, mean of \(spectrum.layers) layers"),
          Figure.area("band", "least to most"),
          Figure.line("line \(style)", "reloaded"), Figure.line("line lost", "difference"),
        ], plot(spectrum, style: style, id: "spectrum-\(index)"))
    }
    return "<div class=\"pair even\">\n\(figures)\n</div>"
  }

  private func plot(_ spectrum: TokenSpectrum, style: String, id: String) -> Markup {
    let bands = spectrum.bands
    let most = bands.map { max($0.full.most, $0.restored.mean, $0.difference.mean) }.max() ?? 1
    let floor = max(most * Self.depth, LogAxis.drawable.lowerBound)
    let drawn = bands.flatMap { [$0.full.least, $0.full.most, $0.restored.mean, $0.difference.mean] }.filter { $0 > 0 }
    let y = LogAxis(drawn.map { max($0, floor) }, pixels: LinePlot.upward)
    var plot = LinePlot(
      "Energy by frequency along tokens of \(Self.name(spectrum.signal).lowercased())", id: id,
      x: LogAxis(bands.map(\.frequency) + [0.5], pixels: LinePlot.across),
      y: y, xLabel: "cycles per token", yLabel: "energy over the mean")
    func raised(_ value: Double) -> Double { max(value, y.range.lowerBound) }
    func line(_ value: (TokenSpectrum.Band) -> Double) -> [LinePlot.Point?] {
      bands.map { value($0) > 0 ? ($0.frequency, raised(value($0))) : nil }
    }
    plot.add(band: bands.map { ($0.frequency, raised($0.full.least), raised($0.full.most)) }, style: "band")
    plot.add(line: line(\.full.mean), style: "line full")
    plot.add(line: line(\.restored.mean), style: "line \(style)")
    plot.add(line: line(\.difference.mean), style: "line lost")
    return plot.markup
  }

  private var table: HTMLTable {
    let names = spectra.map { Self.name($0.signal).lowercased() }
    var table = HTMLTable(
      "Energy over each layer's mean, averaged over layers",
      head: ["cycles per token"] + names.flatMap { ["\($0): full", "reloaded", "difference"] })
    let bands = spectra.map(\.bands)
    for frequency in Set(bands.joined().map(\.frequency)).sorted() {
      table.add(
        [Format.significant(frequency)]
          + bands.flatMap { bands -> [String] in
            guard let band = bands.first(where: { $0.frequency == frequency }) else { return ["–", "–", "–"] }
            return [band.full.mean, band.restored.mean, band.difference.mean].map(Format.significant)
          })
    }
    return table
  }
}
