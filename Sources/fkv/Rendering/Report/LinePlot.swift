/// Lines, bands and dots over two axes as an SVG element that scales to its box. Colours are classes of the page's style.
struct LinePlot {
  /// The plot's size, and where its axes lie.
  static let size = (width: 420.0, height: 250.0)
  static let across = (54.0, 408.0)
  static let upward = (206.0, 12.0)

  typealias Point = (x: Double, y: Double)

  /// For the reader that cannot see it, and the element's name in the page.
  var title: String
  var id: String
  var x: any PlotAxis
  var y: any PlotAxis
  var xLabel: String
  var yLabel: String
  private var marks: [Markup] = []

  init(_ title: String, id: String, x: any PlotAxis, y: any PlotAxis, xLabel: String, yLabel: String) {
    self.title = title
    self.id = id
    self.x = x
    self.y = y
    self.xLabel = xLabel
    self.yLabel = yLabel
  }

  /// Adds a line of class `style` through points; nil breaks it.
  mutating func add(line points: [Point?], style: String) {
    var command = "M"
    var path = ""
    for point in points {
      guard let point else {
        command = "M"
        continue
      }
      path += ("\(command)\(px: x.position(point.x)) \(px: y.position(point.y))" as Markup).source
      command = "L"
    }
    marks.append("<path class=\"\(style)\" d=\"\(path)\"/>")
  }

  /// Adds the area of class `style` between two lines over the same places.
  mutating func add(band points: [(x: Double, low: Double, high: Double)], style: String) {
    let outline = points.map { ($0.x, $0.high) } + points.reversed().map { ($0.x, $0.low) }
    let path = outline.enumerated().map { index, point in
      ("\(index == 0 ? "M" : "L")\(px: x.position(point.0)) \(px: y.position(point.1))" as Markup).source
    }.joined()
    if !path.isEmpty { marks.append("<path class=\"\(style)\" d=\"\(path)Z\"/>") }
  }

  /// Adds dots of class `style`, which draws them as ends of lines without length.
  mutating func add(dots points: [Point], style: String) {
    let path = points.map { ("M\(px: x.position($0.x)) \(px: y.position($0.y))h0" as Markup).source }.joined()
    if !path.isEmpty { marks.append("<path class=\"\(style)\" d=\"\(path)\"/>") }
  }

  var markup: Markup {
    let (left, right) = Self.across
    let (bottom, top) = Self.upward
    let vertical = x.labels(most: 6).map { value -> Markup in
      let at = x.position(value)
      return """
        <path class="grid" d="M\(px: at) \(px: top)V\(px: bottom)"/>
        <text class="middle soft" x="\(px: at)" y="\(px: bottom + 16)">\(AxisText.plain(value))</text>
        """
    }
    let horizontal = y.labels(most: 7).map { value -> Markup in
      let at = y.position(value)
      return """
        <path class="grid" d="M\(px: left) \(px: at)H\(px: right)"/>
        <text class="end soft" x="\(px: left - 6)" y="\(px: at + 4)">\(AxisText.plain(value))</text>
        """
    }
    return """
      <svg class="plot" viewBox="0 0 \(px: Self.size.width) \(px: Self.size.height)" role="img" \
      aria-labelledby="\(id)-title">
      <title id="\(id)-title">\(title)</title>
      \(vertical)
      \(horizontal)
      <text class="middle" x="\(px: (left + right) / 2)" y="\(px: Self.size.height - 8)">\(xLabel)</text>
      <text class="middle" transform="translate(11 \(px: (top + bottom) / 2)) rotate(-90)">\(yLabel)</text>
      \(marks)
      </svg>
      """
  }
}
