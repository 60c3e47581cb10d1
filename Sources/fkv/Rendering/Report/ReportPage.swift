import Commands

/// The page of `fkv report`: one HTML file that loads nothing and runs nothing.
struct ReportPage {
  /// A part of the page with a heading.
  struct Section {
    /// The fragment that links to it.
    var id: String
    var title: String
    var body: Markup
  }

  private let contents: ReportContents
  private let arguments: [String]

  /// - Parameter arguments: the command line after the program's name, to be shown.
  init(_ contents: ReportContents, arguments: [String]) {
    self.contents = contents
    self.arguments = arguments
  }

  private var sections: [Section] {
    [
      BytesSection(contents).section, AttentionSection(contents).section, DepthSection(contents).section,
      SpectrumSection(contents).section, RateSection(contents).section,
      PredictionSection(contents.predictions).section, OriginSection(contents, arguments: arguments).section,
    ]
  }

  /// The whole file. The same contents give the same bytes.
  ///
  /// The policy allows the page's own style sheet and nothing else, whatever an escape should have missed.
  var html: String {
    let model = SummarySection.modelName(contents)
    let sections = sections
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
      base-uri 'none'; form-action 'none'"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <meta name="referrer" content="no-referrer"/>
      <meta name="generator" content="\(FKVVersion.writer)"/>
      <title>KV cache report: \(model)</title>
      \(ReportStyle.element)
      </head>
      <body>
      <header>
      \(SummarySection(contents).markup)
      <nav aria-label="Sections">
      <ol>
      \(sections.map { "<li><a href=\"#\($0.id)\">\($0.title)</a></li>" as Markup })
      </ol>
      </nav>
      </header>
      <main>
      \(sections.map(Self.element))
      </main>
      </body>
      </html>

      """
    return page.source
  }

  private static func element(_ section: Section) -> Markup {
    """
    <section id="\(section.id)" aria-labelledby="\(section.id)-title">
    <h2 id="\(section.id)-title">\(section.title)</h2>
    \(section.body)
    </section>
    """
  }
}
