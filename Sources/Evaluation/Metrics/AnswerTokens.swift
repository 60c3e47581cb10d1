/// The words of an answer that token F1 compares.
public enum AnswerTokens {
  /// The words of an English answer: lower case, without ASCII punctuation, without the articles `a`, `an` and `the`,
  /// cut at white space.
  ///
  /// Punctuation goes first and leaves no gap, so `state-of-the-art` is the one word `stateoftheart`. An article is a
  /// whole run of letters and digits: `‘the’` loses its middle, `theme` nothing.
  ///
  /// Source: SQuAD's evaluation, as LongBench uses it.
  public static func english(_ answer: String) -> [String] {
    var text = String.UnicodeScalarView()
    var run = String.UnicodeScalarView()
    func endRun() {
      text.append(contentsOf: articles.contains(String(run)) ? " ".unicodeScalars : run)
      run.removeAll()
    }
    for scalar in answer.lowercased().unicodeScalars where !scalar.isASCIIPunctuation {
      if scalar.isWordCharacter {
        run.append(scalar)
      } else {
        endRun()
        text.append(scalar)
      }
    }
    endRun()
    return String(text).words
  }

  /// The words of a Chinese answer: `ChineseSegments` in lower case, without ASCII and Chinese punctuation and white
  /// space; what is then empty is left away.
  public static func chinese(_ answer: String) -> [String] {
    ChineseSegments.of(answer).compactMap { segment in
      let kept = segment.lowercased().unicodeScalars.filter {
        !$0.isSpace && !$0.isASCIIPunctuation && !chinesePunctuation.contains($0)
      }
      return kept.isEmpty ? nil : String(String.UnicodeScalarView(kept))
    }
  }

  private static let articles: Set<String> = ["a", "an", "the"]

  /// LongBench's list; `《` is not in it, though `》` is.
  private static let chinesePunctuation = Set(
    ("！？｡。＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～｟｠｢｣､、〃》「」『』【】〔〕〖〗〘〙〚〛〜〝〞〟〰〾〿"
      + "–—‘’‛“”„‟…‧﹏.").unicodeScalars)
}
