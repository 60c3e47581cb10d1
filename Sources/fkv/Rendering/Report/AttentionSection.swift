import Commands
import FourierKV
import KVCacheModel

/// The attention-output error by layer and query head.
struct AttentionSection {
  private let comparison: CacheComparison
  private let layers: [LayerGeometry]

  init(_ contents: ReportContents) {
    comparison = contents.comparison
    layers = contents.inspection.header.description.geometry.layers
  }

  private var errors: [[Double]] { comparison.attention.layers }

  var section: ReportPage.Section {
    ReportPage.Section(
      id: "attention", title: "Attention-output error",
      body: """
        <p>‖o−õ‖₂ / ‖o‖₂ for each layer and query head: o is the attention output over the full cache, õ over the reloaded
        one, both in single precision over the last \(comparison.probeQueries) positions of the prompt. Mean
        \(Format.significant(comparison.attention.mean)), largest \(Format.significant(comparison.attention.max)).</p>
        \(map)
        \(Figure.details("Errors by layer and query head as a table", table))
        """)
  }

  private var map: Markup {
    let scale = HeatMap(errors.flatMap { $0 })
    guard scale.range != nil || errors.joined().contains(where: { $0 != 0 }) else {
      return "<p class=\"verdict\">Every error is 0: attention over the reloaded cache is that over the full one.</p>"
    }
    let note: Markup =
      layers.contains { $0.slidingWindow != nil } ? " Layers marked w attend within a sliding window." : ""
    let figure = Figure.element(
      "Rows are layers, columns query heads in groups of one KV head.\(note)", "\(scale.legend)\n\(cells(scale))")
    return size.width > 430
      ? "\(figure)\n\(worst.markup)" : "<div class=\"pair\">\n\(figure)\n\(worst.markup)\n</div>"
  }

  // Where cells lie: labels of layers at the left, of heads above, and between KV heads a gap.
  private static let (left, top, gap) = (44.0, 22.0, 5.0)

  private var heads: Int { errors.map(\.count).max() ?? 0 }
  private var isDense: Bool { errors.count > 40 }

  private var cell: (width: Double, height: Double) {
    (min(30, max(12, (330 / Double(max(heads, 1))).rounded(.down))), isDense ? 12 : 15)
  }

  private var size: (width: Double, height: Double) {
    let gaps = Self.gap * Double((layers.map(\.kvHeads).max() ?? 1) - 1)
    return (
      max(Self.left + cell.width * Double(heads) + gaps + 8, 240), Self.top + cell.height * Double(errors.count) + 6
    )
  }

  private func cells(_ scale: HeatMap) -> Markup {
    let (cell, size, left) = (cell, size, Self.left)
    let rows = errors.enumerated().map { layer, heads -> Markup in
      let y = Self.top + cell.height * Double(layer)
      let shape = layers[layer]
      let rects = heads.enumerated().map { head, error -> Markup in
        let kvHead = head / shape.groupSize
        let x = left + cell.width * Double(head) + Self.gap * Double(kvHead)
        return """
          <rect class="\(scale.style(error))" x="\(px: x)" y="\(px: y)" width="\(px: cell.width - 1)" \
          height="\(px: cell.height - 1)"><title>layer \(layer), query head \(head), KV head \(kvHead): \
          \(Format.significant(error))</title></rect>
          """
      }
      return """
        <text class="end" x="\(px: left - 6)" y="\(px: y + cell.height / 2 + 3)">\(layer)\(
          shape.slidingWindow == nil ? "" : " w")</text>
        \(rects)
        """
    }
    return """
      <svg class="plot natural\(isDense ? " dense" : "")" viewBox="0 0 \(px: size.width) \(px: size.height)" \
      width="\(px: size.width)" height="\(px: size.height)" role="img" aria-labelledby="map-title">
      <title id="map-title">Attention-output error by layer and query head; the table below has the numbers</title>
      <text class="end soft" x="\(px: left - 6)" y="14">layer</text>
      <text class="soft" x="\(px: left)" y="14">query heads 0 to \(max(heads - 1, 0))</text>
      \(rows)
      </svg>
      """
  }

  private var worst: HTMLTable {
    var table = HTMLTable("Largest errors", head: ["layer", "query head", "error"])
    for place in comparison.attention.worst(8) {
      table.add(["\(place.layer)", "\(place.head)", Format.significant(place.error)])
    }
    return table
  }

  private var table: HTMLTable {
    var table = HTMLTable(
      "Errors by layer: attention output, keys and values (relative 2-norm), then each query head",
      head: ["layer", "mean", "largest", "key", "value"] + (0..<heads).map { "head \($0)" })
    for (layer, row) in errors.enumerated() {
      table.add(
        [
          "\(layer)", Format.significant(comparison.attention.layerMeans[layer]), Format.significant(row.max() ?? 0),
          Format.significant(comparison.keyErrors[layer]), Format.significant(comparison.valueErrors[layer]),
        ] + row.map(Format.significant) + Array(repeating: "", count: heads - row.count))
    }
    return table
  }
}
