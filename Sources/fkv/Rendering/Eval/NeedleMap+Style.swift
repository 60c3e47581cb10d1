extension NeedleMap {
  /// From nothing found to all found in steps of a tenth, on white and on near-black. Red to green through yellow, and
  /// from light to dark as well, so that the order shows without hues; the number stands in every cell.
  private static let shades: [(light: String, dark: String)] = [
    ("#f8b4ab", "#7a221b"), ("#f9c0a9", "#783019"), ("#facca9", "#743d17"), ("#fad8aa", "#6e4a16"),
    ("#f8e2ac", "#665616"), ("#f2e9ae", "#5d5f18"), ("#dfe7a6", "#51651b"), ("#c6e19c", "#44681f"),
    ("#aad891", "#376b24"), ("#8ccd86", "#296c2a"), ("#6cc17c", "#1b6c31"),
  ]

  static var style: String {
    """
    text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12px; fill: #202124 }
    .back { fill: #ffffff }
    .title { font-size: 16px; font-weight: 600 }
    .name { font-size: 13px; font-weight: 600 }
    .note, .tick { font-size: 11px; fill: #5f6368 }
    .middle { text-anchor: middle }
    .end { text-anchor: end }
    .none { fill: #eceef1 }
    \(rules(\.light))
    @media (prefers-color-scheme: dark) {
    text { fill: #e8eaed }
    .back { fill: #16181c }
    .note, .tick { fill: #9aa0a6 }
    .none { fill: #2c3036 }
    \(rules(\.dark))
    }
    """
  }

  private static func rules(_ shade: KeyPath<(light: String, dark: String), String>) -> String {
    shades.enumerated().map { index, pair in ".f\(index) { fill: \(pair[keyPath: shade]) }" }.joined(separator: "\n")
  }
}
