/// Elements that several sections use.
enum Figure {
  /// A plot with its legend and what it shows.
  static func element(_ caption: Markup, legend: [Markup] = [], _ plot: Markup) -> Markup {
    let key: Markup = legend.isEmpty ? "" : "<ul class=\"legend\">\n\(legend)\n</ul>\n"
    return """
      <figure>
      <figcaption>\(caption)</figcaption>
      \(key)<div class="scroll">
      \(plot)
      </div>
      </figure>
      """
  }

  /// A legend's entry for an area of a class.
  static func area(_ style: String, _ name: String) -> Markup {
    "<li><svg class=\"swatch\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"\(style)\" width=\"12\" "
      + "height=\"12\"/></svg>\(name)</li>"
  }

  /// A legend's entry for a line of a class, or for dots.
  static func line(_ style: String, _ name: String, isDots: Bool = false) -> Markup {
    "<li><svg class=\"swatch wide\" viewBox=\"0 0 24 12\" aria-hidden=\"true\"><path class=\"\(style)\" "
      + "d=\"\(isDots ? "M4 4h0M12 8h0M20 5h0" : "M0 6H24")\"/></svg>\(name)</li>"
  }

  /// What a plot shows in numbers, closed until it is asked for.
  static func details(_ summary: String, _ table: HTMLTable) -> Markup {
    """
    <details>
    <summary>\(summary)</summary>
    \(table.markup)
    </details>
    """
  }
}

extension Markup {
  static func + (left: Markup, right: Markup) -> Markup { "\(left)\(right)" }
}

/// A table of texts, the first column its rows' headings; scrolls in its own box where it is wider than the page.
struct HTMLTable {
  private let caption: String
  private let head: [String]
  private var rows: [Markup] = []

  init(_ caption: String, head: [String]) {
    self.caption = caption
    self.head = head
  }

  /// Adds a row; `mark` stands before its heading.
  mutating func add(_ cells: [String], mark: Markup = "", isTotal: Bool = false) {
    precondition(cells.count == head.count)
    let rest = cells.dropFirst().map { "<td>\($0)</td>" as Markup }.reduce("", +)
    rows.append(
      isTotal
        ? "<tr class=\"total\"><th scope=\"row\">\(mark)\(cells[0])</th>\(rest)</tr>"
        : "<tr><th scope=\"row\">\(mark)\(cells[0])</th>\(rest)</tr>")
  }

  var markup: Markup {
    """
    <div class="scroll" tabindex="0" role="region" aria-label="\(caption)">
    <table>
    <caption>\(caption)</caption>
    <thead><tr>\(head.map { "<th scope=\"col\">\($0)</th>" as Markup }.reduce("", +))</tr></thead>
    <tbody>
    \(rows)
    </tbody>
    </table>
    </div>
    """
  }
}
