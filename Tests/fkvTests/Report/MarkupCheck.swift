/// A small check that a page's elements close in order, that attributes are quoted and that nothing is left unescaped.
enum MarkupCheck {
  /// What is wrong; nil if nothing is. Style sheets are taken as they are.
  static func fault(in page: String) -> String? {
    var open: [Substring] = []
    var rest = page[...]
    while let start = rest.firstIndex(where: { $0 == "<" || $0 == ">" || $0 == "&" }) {
      guard rest[start] != ">" || open.last == "style" else { return "a stray > before \(rest[start...].prefix(40))" }
      if rest[start] == "&" {
        let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"]
        guard entities.contains(where: rest[start...].hasPrefix) else {
          return "a stray & in \(rest[start...].prefix(40))"
        }
      }
      guard rest[start] == "<" else {
        rest = rest[rest.index(after: start)...]
        continue
      }
      guard let end = rest[start...].firstIndex(of: ">") else { return "an open tag: \(rest[start...].prefix(40))" }
      let tag = rest[rest.index(after: start)..<end]
      let name = tag.prefix { $0.isLetter || $0.isNumber || $0 == "/" || $0 == "!" }
      if tag.hasPrefix("/") {
        guard open.popLast() == tag.dropFirst() else { return "</\(tag.dropFirst())> closes another element" }
      } else if !tag.hasPrefix("!") {
        guard tag.count(where: { $0 == "\"" }) % 2 == 0, !tag.contains("'") || tag.hasPrefix("meta") else {
          return "an unquoted attribute: \(tag)"
        }
        if !tag.hasSuffix("/") { open.append(name) }
      }
      rest = rest[rest.index(after: end)...]
    }
    return open.isEmpty ? nil : "\(open) are not closed"
  }
}
