/// Columns of text, the first left-aligned, the others right-aligned, two spaces apart.
struct TextTable {
  private var rows: [[String]]

  init(_ header: [String]) { rows = [header] }

  mutating func add(_ row: [String]) {
    precondition(row.count == rows[0].count)
    rows.append(row)
  }

  /// The lines, without trailing spaces.
  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + padding : padding + cell
      }
      return trimmed(cells.joined(separator: "  "))
    }.joined(separator: "\n")
  }

  private func trimmed(_ line: String) -> String {
    var line = line[...]
    while line.last == " " { line.removeLast() }
    return String(line)
  }
}
