extension RateErrorPlot {
  /// Line colours on white and on near-black, each at least 3:1 against its background, alternating in hue so that
  /// neighbours in the table differ.
  static let colours: [(light: String, dark: String)] = [
    ("#0b57d0", "#8ab4f8"), ("#5f6368", "#bdc1c6"), ("#00695c", "#4db6ac"), ("#b3261e", "#f28b82"),
    ("#8e24aa", "#d7aefb"), ("#b06000", "#fdd663"), ("#37474f", "#90a4ae"), ("#c2185b", "#ff8bcb"),
    ("#1b5e20", "#81c995"), ("#6d4c41", "#d7b8a3"), ("#00838f", "#78d9ec"), ("#4527a0", "#b39ddb"),
    ("#827717", "#dce775"), ("#424242", "#e0e0e0"),
  ]

  /// The rules of a plot; of those inside an element that `scope` selects if it is given.
  static func style(scope: String = "") -> String {
    let prefix = scope.isEmpty ? "" : scope + " "
    func rules(_ rules: [(selectors: [String], body: String)]) -> String {
      rules.map { rule in "\(rule.selectors.map { prefix + $0 }.joined(separator: ", ")) { \(rule.body) }" }
        .joined(separator: "\n")
    }
    return """
      \(rules(light + lines(\.light)))
      @media (prefers-color-scheme: dark) {
      \(rules(dark + lines(\.dark)))
      }
      """
  }

  private static let light: [(selectors: [String], body: String)] = [
    (
      ["text"],
      #"font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12px; fill: #202124"#
    ),
    ([".back"], "fill: #ffffff"), ([".title"], "font-size: 16px; font-weight: 600"),
    ([".note", ".tick"], "font-size: 11px; fill: #5f6368"), ([".middle"], "text-anchor: middle"),
    ([".end"], "text-anchor: end"), ([".grid"], "stroke: #e4e6ea; fill: none"),
    ([".line"], "fill: none; stroke-width: 1.6; stroke-linejoin: round"), ([".line.own"], "stroke-width: 3"),
    ([".label"], "stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round; paint-order: stroke"),
    ([".label.own"], "font-weight: 700"), ([".mark"], "fill: none; stroke: #202124; stroke-width: 2"),
    ([".label.marked"], "font-weight: 700; fill: #202124"),
  ]

  private static let dark: [(selectors: [String], body: String)] = [
    (["text"], "fill: #e8eaed"), ([".back"], "fill: #16181c"), ([".note", ".tick"], "fill: #9aa0a6"),
    ([".grid"], "stroke: #2c3036"), ([".label"], "stroke: #16181c"), ([".mark"], "stroke: #e8eaed"),
    ([".label.marked"], "fill: #e8eaed"),
  ]

  private static func lines(
    _ colour: KeyPath<(light: String, dark: String), String>
  ) -> [(selectors: [String], body: String)] {
    colours.enumerated().flatMap { index, pair -> [(selectors: [String], body: String)] in
      let value = pair[keyPath: colour]
      return [
        ([".line.c\(index)"], "stroke: \(value)"), ([".dot.c\(index)", ".label.c\(index)"], "fill: \(value)"),
      ]
    }
  }
}
