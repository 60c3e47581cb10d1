/// The style sheet of the report's page.
///
/// Keys are blue and values orange everywhere, in shades that differ in lightness too; the heat map's scale is
/// ColorBrewer's YlGnBu, which colour-blind readers can tell apart, darker for more on paper and lighter for more on black.
enum ReportStyle {
  static var element: Markup { Markup(style: [page, tables, plots, colours, others]) }

  /// Colours by name: the reader's scheme decides, paper is light.
  private static let colours = """
    :root { \(light) }
    @media screen and (prefers-color-scheme: dark) { :root { \(dark) } }
    """

  private static let light = """
    --paper: #ffffff; --ink: #1c1e22; --soft: #5a6068; --rule: #dcdfe4; --wash: #f5f6f8; --grid: #e6e8ec;
    --key: #0b57d0; --value: #b3500a; --full: #a9aeb6; --lost: #5f6670; --band: #1c1e2218;
    --k1: #08306b; --k2: #2171b5; --k3: #6baed6; --k4: #c0d9ee; --v1: #7f2704; --v2: #d94801; --v3: #fd8d3c;
    --v4: #fdd0a2; --g1: #54585e; --g2: #94989e; --g3: #c9ccd1;
    --h0: #eef0f2; --h1: #fbf7c5; --h2: #e3f3b3; --h3: #b8e2b6; --h4: #79cabc; --h5: #3fb0c4; --h6: #1e88bc;
    --h7: #2259a4; --h8: #10256f; --h9: #b3261e;
    """

  private static let dark = """
    --paper: #16181c; --ink: #e6e8eb; --soft: #9aa0a8; --rule: #31353c; --wash: #1e2126; --grid: #2a2e34;
    --key: #8ab4f8; --value: #f2a65e; --full: #5c636d; --lost: #9aa1ab; --band: #e6e8eb1c;
    --k1: #d5e5f7; --k2: #8cbcea; --k3: #4688cc; --k4: #264f86; --v1: #fde3c8; --v2: #fcae6b; --v3: #dd6d1c;
    --v4: #8a3d0c; --g1: #c4c8ce; --g2: #8b9098; --g3: #565b63;
    --h0: #24282e; --h1: #182a63; --h2: #234a92; --h3: #1f72ad; --h4: #2b97bd; --h5: #55b8bf; --h6: #8fd2ba;
    --h7: #c8e8b4; --h8: #fbf7c5; --h9: #f28b82;
    """

  private static let page = """
    html { background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
    body { max-width: 58rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; overflow-wrap: anywhere;
    font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif }
    h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; font-weight: 650; letter-spacing: -0.01em }
    h2 { font-size: 1.2rem; margin: 0 0 .6rem; padding-top: 1.6rem; border-top: 1px solid var(--rule); font-weight: 650 }
    section { margin-top: 2.6rem }
    p { margin: 0 0 1rem; max-width: 46rem }
    a { color: var(--key); text-underline-offset: .15em }
    code, pre { font: .875em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
    pre { margin: 0 0 1rem; padding: .6rem .8rem; background: var(--wash); white-space: pre-wrap }
    .kind { margin: 0 0 .3rem; color: var(--soft); font-size: .875rem }
    .geometry { margin: .35rem 0 0; color: var(--soft) }
    .hint { color: var(--soft); font-size: .9375rem }
    .verdict { font-weight: 600 }
    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(10.5rem, 45%), 1fr)); gap: 1rem 1.5rem;
    margin: 1.6rem 0; padding: 1.1rem 0; border: solid var(--rule); border-width: 1px 0 }
    .figures dt { font-size: .8125rem; color: var(--soft) }
    .figures dd { margin: 0 }
    .figures b { display: block; font-size: 1.6rem; line-height: 1.3; font-weight: 600; font-variant-numeric: tabular-nums }
    .figures span { font-size: .8125rem; line-height: 1.4; display: block; color: var(--soft) }
    .facts { margin: 0; font-size: .9375rem }
    .facts div { display: grid; grid-template-columns: 8rem 1fr; gap: 0 1rem; padding: .12rem 0 }
    .facts dt { color: var(--soft) }
    .facts dd { margin: 0 }
    nav ol { margin: 1.6rem 0 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem;
    font-size: .9375rem }
    .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.5rem 2.25rem;
    align-items: start }
    figure + .scroll { margin-top: 1.5rem }
    .pair > .scroll { margin-top: 0 }
    .pair.even { align-items: end }
    .pair > * { min-width: 0 }
    """

  private static let tables = """
    .scroll { overflow-x: auto; max-width: 100% }
    table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; overflow-wrap: normal }
    caption { text-align: left; color: var(--soft); padding-bottom: .4rem; font-size: .875rem }
    th, td { padding: .22rem .7rem .22rem 0; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap }
    th { font-weight: 400 }
    thead th { color: var(--soft); font-size: .8125rem; vertical-align: bottom }
    th:first-child { text-align: left }
    .total th, .total td { font-weight: 600; border-bottom: 0 }
    details { margin-top: 1rem }
    summary { cursor: pointer; color: var(--key); font-size: .9375rem; width: fit-content }
    details > .scroll { margin-top: .6rem; max-height: 32rem; overflow-y: auto }
    """

  private static let plots = """
    figure { margin: 0 }
    figcaption { font-size: .875rem; color: var(--soft); margin-bottom: .4rem }
    figcaption b { color: var(--ink); font-weight: 600 }
    .legend { list-style: none; margin: 0 0 .3rem; padding: 0; display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .8125rem }
    .swatch { width: .8em; height: .8em; margin-right: .45em; vertical-align: -.05em }
    .swatch.wide { width: 1.6em }
    .strip { display: block; width: 100%; height: 1.75rem; margin: 0 0 1.4rem }
    .plot { display: block; width: 100%; height: auto; max-width: 30rem }
    .plot.natural { width: auto; max-width: none }
    .plot.key { max-width: 21rem; margin-bottom: .4rem }
    .plot text { font-size: 11.5px; fill: var(--ink) }
    .plot.dense text { font-size: 10px }
    .plot .soft { fill: var(--soft) }
    .plot .end { text-anchor: end }
    .plot .middle { text-anchor: middle }
    .plot .grid { stroke: var(--grid); fill: none }
    .strip rect, .plot rect { stroke: var(--paper); stroke-width: .6 }
    .line { fill: none; stroke-width: 1.8; stroke-linejoin: round }
    .line.full { stroke: var(--full); stroke-width: 4.5 }
    .line.key { stroke: var(--key) }
    .line.value { stroke: var(--value) }
    .line.lost { stroke: var(--lost); stroke-dasharray: 4 3 }
    .line.attention { stroke: var(--ink); stroke-dasharray: 2 2 }
    .band { fill: var(--band) }
    .dots { fill: none; stroke: var(--lost); stroke-width: 2.6; stroke-linecap: round; opacity: .55 }
    .rate-error svg { display: block; min-width: 40rem; width: 100%; height: auto }
    """

  /// One rule a class of a colour; the rate–error plot's own; paper.
  private static var others: String {
    let classes = ["k1", "k2", "k3", "k4", "v1", "v2", "v3", "v4", "g1", "g2", "g3"] + (0...9).map { "h\($0)" }
    return
      (classes.map { ".\($0) { fill: var(--\($0)) }" } + [
        RateErrorPlot.style(scope: ".rate-error"),
        """
        @media (max-width: 30rem) {
        body { padding: 1.5rem 1rem 3rem }
        .facts div { grid-template-columns: 1fr }
        .facts dd { margin-bottom: .3rem }
        th[scope=row] { white-space: normal; min-width: 6rem }
        }
        @media print {
        html { font-size: 12px }
        body { max-width: none; padding: 0 }
        nav, .hint, details:not([open]) { display: none }
        section { margin-top: 1.4rem }
        .pair, figure, .figures, tr, section > p { break-inside: avoid }
        section > p { break-after: avoid }
        h2 { break-after: avoid }
        .scroll { overflow: visible }
        details > .scroll { max-height: none }
        * { print-color-adjust: exact }
        }
        """,
      ]).joined(separator: "\n")
  }
}

extension Markup {
  /// A style sheet of rules that the program wrote.
  fileprivate init(style: [String]) {
    let rules = style.joined(separator: "\n")
    precondition(!rules.contains("<"), "a style sheet of this page holds no markup")
    self.init(trusted: "<style>\n\(rules)\n</style>")
  }
}
