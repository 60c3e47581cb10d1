/// Answers, references and the scores that LongBench's own code gives them.
///
/// Made by calling the functions of LongBench's `metrics.py` (commit 2e00731) in Python 3.11 with `rouge` 1.0.1 and
/// `fuzzywuzzy` 0.18.0 without `python-Levenshtein`; `jieba.cut` was replaced by
/// `re.findall(r"[A-Za-z0-9]+|.", text, flags=re.S)`, since `ChineseSegments` are what is counted here.
enum WorkedExamples {
  typealias Pair = (prediction: String, reference: String, score: Double)

  static let tokenF1: [Pair] = [
    ("The red lighthouse.", "red lighthouse", 1), ("", "red", 0), ("the", "a", 0),
    ("red red blue", "red blue blue", 0.6666666666666666),
    ("It was built in 1871, by Ada Brook.", "1871", 0.2222222222222222), ("state-of-the-art", "state of the art", 0),
    ("an apple; a pear; the theme", "Apple pear", 0.8), ("‘the’ end", "end", 0.5), ("Über ÉTÉ", "über été", 1),
    ("x_the_y", "xthey", 1), ("a\u{A0}b\u{2003}c\u{1F}d", "b c d", 1), ("No", "no.", 1),
    ("the the\u{301} cafe", "cafe", 0.6666666666666666), ("\u{661} 2 ½ the½", "2 the½", 0.6666666666666666),
  ]

  static let chineseTokenF1: [Pair] = [
    ("红色的灯塔。", "红色灯塔", 0.888888888888889), ("建于1871年，由Ada设计", "1871年", 0.4), ("", "红", 0),
    ("。，、", "！", 0), ("《海》", "海", 0.6666666666666666), ("好好学习", "学习好", 0.8571428571428571),
    ("Hello World 你好", "hello你好", 0.8571428571428571),
  ]

  static let rougeL: [Pair] = [
    ("the cat sat on the mat", "the cat was on the mat", 0.7999999950000002),
    ("The cat sat. The dog ran.", "The dog ran. The cat sat.", 0.999999995),
    ("The cat sat. The dog ran", "The dog ran. The cat sat", 0.999999995),
    ("a b c d", "d c b a", 0.24999999500000009), ("", "a", 0), ("...", "a", 0), (" ", "a b. ", 0.4999999962500001),
    ("a b", "", 0), ("a. b", "a b", 0.999999995),
    ("w1 w2 w6 w7 w8. w1 w3 w8 w9 w5", "w1 w2 w3 w4 w5", 0.6153846106508877),
    ("Costs rose by 3.5 percent, mostly in winter.", "Costs rose 3.5 percent in the winter.", 0.7058823479584776),
    ("x y x y x", "y x y", 0.999999995), ("a b a c b d", "b d c a b a", 0.4999999950000001),
    ("a  b\nc\td", "a b c d", 0.999999995),
    ("one two three four five six", "six five four three two one zero two four six", 0.6153846104142012),
  ]

  static let chineseRougeL: [Pair] = [
    ("会议讨论了预算。", "会议批准了预算。", 0.749999995), ("好", "", 0), ("预算3.5亿", "预算3.6亿", 0.7999999950000002),
    ("abc 会议", "会议 abc", 0.6666666616666668),
  ]

  static let classes: [(prediction: String, reference: String, classes: [String], score: Double)] = [
    ("Type: Number of something", "Number of something", ["Number of something", "City", "Other number"], 1),
    ("City or Number", "City", ["City", "Number"], 0.5), ("city", "City", ["City"], 0),
    ("lifetime", "lifetime", ["time", "lifetime", "life"], 1),
    ("lifetime", "lifetime", ["life", "time", "lifetime"], 0.5),
    ("lifetime", "lifetime", ["life", "x", "time", "lifetime"], 0.5), ("nothing", "City", ["City", ""], 0),
    ("City", "City", ["City", ""], 1), ("体育新闻", "体育", ["体育", "新闻", "经济"], 0.5),
  ]

  static let retrieval: [Pair] = [
    ("Paragraph 7", "Paragraph 7", 1), ("Paragraph 17", "Paragraph 7", 0), ("7 or 8", "Paragraph 7", 0.5),
    ("Paragraph seven", "Paragraph 7", 0), ("07", "Paragraph 7", 0),
    ("7, 7 and 3.5", "see Paragraph x, Paragraph 7 and Paragraph 3", 0.5), ("\u{FF17}", "Paragraph 7", 0),
  ]

  static let chineseRetrieval: [Pair] = [("段落12", "段落12", 1), ("12和13", "段落12", 0.5), ("十二", "段落12", 0)]

  static let count: [Pair] = [
    ("5", "5", 1), ("There are 5 of 9.", "5", 0.5), ("-5", "5", 1), ("none", "5", 0), ("15", "5", 0), ("5.0", "5", 0.5),
  ]

  static let editSimilarity: [Pair] = [
    ("return x + 1", "return x + 1", 1), ("return x+1", "return x + 1", 0.91), ("", "return", 0), ("", "", 1),
    ("\n\n```python\n# note\n  return total // 2\nreturn total", "return total", 1), ("// only\n# comments", "x", 0),
    ("\n  \nreturn", "return", 0), ("for i in range(10):", "while i < 10:", 0.44), ("abcd", "bcde", 0.75),
    ("private Thread currentThread;", "private volatile Thread currentThread;", 0.87), ("abcab", "ab", 0.57),
    ("aüb", "aub", 0.67), ("ab", "abababab", 0.4), ("x\r\ny", "x", 0.67), ("aaaaaaaa", "aaa b aaa", 0.71),
    // 200 characters and more in the reference: frequent ones start no block.
    (String(lines.prefix(60)) + "unrelated tail ZZZ", lines, 0.41),
    (String(lines.prefix(150).dropFirst(5)).replacing("e", with: "E"), lines, 0.65), ("qabxcd", "abycdf", 0.67),
    ("x = 1", "y = 2", 0.6),
  ]

  /// 230 characters of code.
  private static let lines = String(
    String(repeating: "let value = compute(first: alpha, second: beta) + offset * scale - shift; ", count: 4).prefix(
      230))
}
