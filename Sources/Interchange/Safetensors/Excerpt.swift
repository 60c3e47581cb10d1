/// The first 60 characters of a text from outside, safe to print: control and format characters are escaped.
func excerpt(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars.prefix(60) {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
      result += scalar.escaped(asASCII: true)
    default:
      result.unicodeScalars.append(scalar)
    }
  }
  return text.unicodeScalars.dropFirst(60).isEmpty ? result : result + "…"
}
