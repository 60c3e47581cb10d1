/// Cuts Chinese text into pieces that metrics count.
public enum ChineseSegments {
  /// Every code point is a piece of its own, but a run of ASCII letters and digits stays together.
  ///
  /// LongBench cuts with jieba, whose dictionary of words is no part of this package. Characters instead of words give
  /// partial credit where only a part of a word agrees, so scores of Chinese tasks lie higher than published ones and
  /// compare with each other only. Other scripts and white space are cut by code points too.
  public static func of(_ text: String) -> [String] {
    var pieces: [String] = []
    var run = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar.isASCII, scalar.isWordCharacter, scalar != "_" {
        run.append(scalar)
        continue
      }
      if !run.isEmpty { pieces.append(String(run)) }
      run.removeAll()
      pieces.append(String(scalar))
    }
    if !run.isEmpty { pieces.append(String(run)) }
    return pieces
  }
}
