/// Text for SVG.
enum SVGText {
  /// Text with the characters replaced that XML gives a meaning; characters that XML cannot hold are left out.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case _ where scalar.value < 0x20 && scalar != "\t" && scalar != "\n": break
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
