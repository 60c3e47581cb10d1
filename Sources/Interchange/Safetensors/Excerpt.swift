/// The first 60 characters of a text from outside, safe to print (`printable`).
package func excerpt(_ text: String) -> String {
  let first = printable(String(text.unicodeScalars.prefix(60)))
  return text.unicodeScalars.dropFirst(60).isEmpty ? first : first + "…"
}

/// A text from outside, safe to print on one line: control and format characters are escaped.
package func printable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
      result += scalar.escaped(asASCII: true)
    default:
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
