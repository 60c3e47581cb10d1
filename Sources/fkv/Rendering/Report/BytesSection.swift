import CacheCodec
import Commands
import KVCacheModel

/// Where the bytes went: the whole file as one bar, and a bar for the layers that are coded together.
struct BytesSection {
  private let account: ByteAccount
  private let header: CacheHeader
  private var geometry: CacheGeometry { header.description.geometry }

  init(_ contents: ReportContents) {
    account = contents.account
    header = contents.inspection.header
  }

  /// What must lie next to the file; empty where nothing must.
  private var basis: Markup {
    guard header.basisHash != nil else { return "" }
    let size: Markup = header.basisBytes.map { " of \(AxisText.grouped($0)) bytes" } ?? ""
    return " The model's basis\(size) lies outside the file and is not in it."
  }

  var section: ReportPage.Section {
    ReportPage.Section(
      id: "bytes", title: "Where the bytes went",
      body: """
        <p>Every byte of the file is in one of these parts: together they are \(AxisText.grouped(account.fileBytes)) bytes.\(
          basis)</p>
        \(strip)
        <div class="pair">
        \(parts.markup)
        \(Figure.element("Bytes by layers, keys to the left of values", bars))
        </div>
        \(Figure.details("Bytes by layers and parts as a table", table))
        """)
  }

  /// The class of each category's colour: shades of one hue for keys, of another for values, greys for the rest.
  private var styles: [String] {
    var counts = (keys: 0, values: 0, rest: 0)
    func next(_ count: inout Int, _ letter: String, of shades: Int) -> String {
      count += 1
      return "\(letter)\((count - 1) % shades + 1)"
    }
    return account.categories.map { category in
      switch category.half {
      case .keys: next(&counts.keys, "k", of: 4)
      case .values: next(&counts.values, "v", of: 4)
      case nil: next(&counts.rest, "g", of: 3)
      }
    }
  }

  private func label(_ category: Int, _ bytes: Int) -> String {
    "\(account.categories[category].name): \(AxisText.grouped(bytes)) bytes, \(Format.percent(bytes, of: account.fileBytes))"
  }

  /// The whole file as one bar.
  private var strip: Markup {
    let totals = account.categories.indices.map(account.total)
    return """
      <svg class="strip" viewBox="0 0 1000 26" preserveAspectRatio="none" role="img" aria-labelledby="strip-title">
      <title id="strip-title">The file's bytes by part; the table below has the numbers</title>
      \(segments(totals, from: 0, to: 1000, of: account.fileBytes, top: 0, height: 26) { label($0, totals[$0]) })
      </svg>
      """
  }

  /// Rectangles side by side, `whole` bytes over the width.
  private func segments(
    _ bytes: [Int], from left: Double, to right: Double, of whole: Int, top: Double, height: Double,
    title: (Int) -> String
  ) -> [Markup] {
    let styles = styles
    var start = 0
    return bytes.indices.filter { bytes[$0] > 0 }.map { category in
      let scale = (right - left) / Double(max(whole, 1))
      let x = left + scale * Double(start)
      start += bytes[category]
      return """
        <rect class="\(styles[category])" x="\(px: x)" y="\(px: top)" width="\(px: scale * Double(bytes[category]))" \
        height="\(px: height)"><title>\(title(category))</title></rect>
        """
    }
  }

  private var parts: HTMLTable {
    var table = HTMLTable("Bytes by part", head: ["part", "bytes", "share"])
    for (index, category) in account.categories.enumerated() {
      table.add(
        [
          category.name.clipped(60), AxisText.grouped(account.total(index)),
          Format.percent(account.total(index), of: account.fileBytes),
        ],
        mark: swatch(styles[index]))
    }
    table.add(["whole file", AxisText.grouped(account.fileBytes), "100 %"], isTotal: true)
    return table
  }

  private func swatch(_ style: String) -> Markup {
    "<svg class=\"swatch\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"\(style)\" width=\"12\" "
      + "height=\"12\"/></svg>"
  }

  private static func name(_ layers: Range<Int>?) -> String {
    guard let layers else { return "file" }
    return layers.count == 1 ? "\(layers.lowerBound)" : "\(layers.lowerBound)–\(layers.upperBound - 1)"
  }

  private func bits(_ row: ByteAccount.Row) -> String {
    guard let layers = row.layers else { return "" }
    let part = CacheGeometry(layers: Array(geometry.layers[layers]))
    return Format.significant(CacheSize(fileBytes: row.total, geometry: part).bitsPerElement)
  }

  private var bars: Markup {
    let (left, right) = (48.0, 330.0)
    let most = account.rows.map(\.total).max() ?? 0
    let pitch = account.rows.count > 16 ? 15.0 : 22.0
    let height = 20 + pitch * Double(account.rows.count)
    let rows = account.rows.enumerated().map { index, row -> Markup in
      let top = 20 + pitch * Double(index)
      let baseline = top + pitch / 2 + 3
      let name = Self.name(row.layers)
      return """
        <text class="end" x="\(px: left - 6)" y="\(px: baseline)">\(name)</text>
        \(segments(row.bytes, from: left, to: right, of: most, top: top + 1, height: pitch - 3) {
          "\(row.layers == nil ? "" : "layers ")\(name), \(account.categories[$0].name): \(AxisText.grouped(row.bytes[$0])) bytes"
        })
        <text class="end" x="412" y="\(px: baseline)">\(bits(row))</text>
        """
    }
    return """
      <svg class="plot" viewBox="0 0 420 \(px: height)" role="img" aria-labelledby="bars-title">
      <title id="bars-title">Bytes by layers and parts</title>
      <text class="end soft" x="\(px: left - 6)" y="12">layers</text>
      <text class="end soft" x="412" y="12">bits/element</text>
      \(rows)
      </svg>
      """
  }

  private var table: HTMLTable {
    var table = HTMLTable(
      "Bytes by layers and parts",
      head: ["layers"] + account.categories.map { $0.name.clipped(60) } + ["sum", "bits/element"])
    for row in account.rows {
      table.add([Self.name(row.layers)] + row.bytes.map(AxisText.grouped) + [AxisText.grouped(row.total), bits(row)])
    }
    table.add(
      ["sum"] + account.categories.indices.map { AxisText.grouped(account.total($0)) } + [
        AxisText.grouped(account.fileBytes), "",
      ], isTotal: true)
    return table
  }
}
