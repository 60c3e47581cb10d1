import CacheCodec

/// Where every byte of an `.fkv` went, by layers and by purpose. All numbers together are the file's size.
public struct ByteAccount: Hashable, Sendable {
  /// What a byte is for.
  public struct Category: Hashable, Sendable {
    /// `keys: basis`, `header`, …, as `fkv inspect` names them.
    public var name: String
    /// Which half of the cache it belongs to; nil for what is neither keys nor values.
    public var half: Half?
  }

  /// Keys or values.
  public enum Half: Hashable, Sendable { case keys, values }

  /// Layers that are coded together, or the file itself.
  public struct Row: Hashable, Sendable {
    /// nil for bytes that belong to no layer.
    public var layers: Range<Int>?
    /// One a category.
    public var bytes: [Int]

    /// All of the row's bytes.
    public var total: Int { bytes.reduce(0, +) }
  }

  public var categories: [Category]
  /// Groups of layers in order, then the file's own row.
  public var rows: [Row]

  /// The account of a file; every category has bytes in some row.
  public init(_ report: InspectPipeline.Report) {
    var categories: [Category] = []
    var rows: [[Category: Int]] = []
    func note(_ category: Category, _ bytes: Int, _ row: inout [Category: Int]) {
      guard bytes != 0 else { return }
      if !categories.contains(category) { categories.append(category) }
      row[category, default: 0] += bytes
    }
    let framing = Category(name: "framing and checksums", half: nil)
    // Two rounds, so that all of the keys' parts come before the values'.
    rows = report.groups.map { _ in [:] }
    for (half, summaries) in [(Half.keys, report.keys), (.values, report.values)] {
      for (index, summary) in summaries.enumerated() {
        for part in summary.parts {
          note(Category(name: "\(half): \(part.name)", half: half), part.bytes, &rows[index])
        }
      }
    }
    var own: [Category: Int] = [:]
    for section in report.sections where section.layer == nil {
      note(Category(name: section.name, half: nil), section.bytes, &own)
    }
    for index in report.groups.indices {
      let bytes = report.keys[index].fileBytes + report.values[index].fileBytes
      note(framing, bytes - rows[index].values.reduce(0, +), &rows[index])
    }
    let spent = (rows + [own]).reduce(0) { $0 + $1.values.reduce(0, +) }
    note(framing, report.size.fileBytes - spent, &own)
    self.categories = categories
    self.rows =
      zip(report.groups, rows).map { layers, row in Row(layers: layers, bytes: categories.map { row[$0] ?? 0 }) }
      + [Row(layers: nil, bytes: categories.map { own[$0] ?? 0 })]
  }

  /// All bytes of a category.
  public func total(_ category: Int) -> Int { rows.reduce(0) { $0 + $1.bytes[category] } }

  /// The file's size.
  public var fileBytes: Int { rows.reduce(0) { $0 + $1.total } }
}

extension ByteAccount.Half: CustomStringConvertible {
  public var description: String { self == .keys ? "keys" : "values" }
}
