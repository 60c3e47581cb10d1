/// LongBench-E's three classes of documents by length.
public enum LongBenchLength: String, CaseIterable, Sendable {
  /// Below 4000 words.
  case short = "0-4k"
  /// 4000 to 7999 words.
  case medium = "4-8k"
  /// 8000 words and more.
  case long = "8k+"

  /// The class of a document of `words` words, or characters for Chinese.
  public init(words: Int) { self = words < 4000 ? .short : words < 8000 ? .medium : .long }
}
