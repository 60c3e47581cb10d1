import Testing

@testable import fkv

@Suite struct MarkupTests {
  @Test func textsAreEscapedAndMarkupIsNot() {
    let text = #"<b a="1">&'</b>"#
    let inner: Markup = "<i>\(text)</i>"
    #expect(inner.source == "<i>&lt;b a=&quot;1&quot;&gt;&amp;&#39;&lt;/b&gt;</i>")
    #expect(
      ("<p>\(inner)\(3)\([inner, "<hr/>"])</p>" as Markup).source == "<p>\(inner.source)3\(inner.source)\n<hr/></p>")
    #expect(("\(px: 1)|\(px: 0.25)|\(px: -2.04)" as Markup).source == "1|0.2|-2")
  }

  @Test func charactersThatTurnTheLineOrEndIt() {
    #expect(Markup.escaped("a\u{0}b\u{1B}c\u{85}d\u{202E}e\u{2066}f\u{FFFF}") == "a�b�c�d�e�f�")
    #expect(Markup.escaped("tab\tline\nümläut 名前 👩‍👩‍👧") == "tab\tline\nümläut 名前 👩‍👩‍👧")
  }

  @Test func longTextsAreCut() {
    #expect("abc".clipped(3) == "abc" && "abcd".clipped(3) == "ab…")
  }

  @Test func theCheckSeesWhatIsWrong() {
    for good in ["", "<a b=\"c\">d &amp; e</a>", "<!DOCTYPE html><br/><style>a > b</style>"] {
      #expect(MarkupCheck.fault(in: good) == nil)
    }
    for bad in ["<a>", "</a>", "<a></b>", "<a b=c'd></a>", "a & b", "a > b", "<a"] {
      #expect(MarkupCheck.fault(in: bad) != nil)
    }
  }
}
