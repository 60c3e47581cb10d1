/// The 21 tasks of LongBench, by the names that its files have.
///
/// Source: Bai et al., "LongBench: A Bilingual, Multitask Benchmark for Long Context Understanding", arXiv 2308.14508;
/// what each task asks and how it is scored is that of `pred.py` and `eval.py` in github.com/THUDM/LongBench, folder
/// `LongBench`, commit 2e00731 (MIT licence).
public enum LongBenchTask: String, CaseIterable, Sendable {
  case narrativeQA = "narrativeqa"
  case qasper
  case multiFieldQA = "multifieldqa_en"
  case multiFieldQAChinese = "multifieldqa_zh"
  case hotpotQA = "hotpotqa"
  case twoWikiMultihopQA = "2wikimqa"
  case musique
  case duReader = "dureader"
  case govReport = "gov_report"
  case qmSum = "qmsum"
  case multiNews = "multi_news"
  case vcSum = "vcsum"
  case trec
  case triviaQA = "triviaqa"
  case samSum = "samsum"
  case lsht
  case passageCount = "passage_count"
  case passageRetrieval = "passage_retrieval_en"
  case passageRetrievalChinese = "passage_retrieval_zh"
  case lcc
  case repoBench = "repobench-p"

  /// The most tokens that an answer may have, as in `dataset2maxlen.json`.
  public var maxAnswerTokens: Int {
    switch self {
    case .hotpotQA, .twoWikiMultihopQA, .musique, .triviaQA, .passageCount, .passageRetrieval,
      .passageRetrievalChinese:
      32
    case .multiFieldQA, .multiFieldQAChinese, .trec, .lsht, .lcc, .repoBench: 64
    case .narrativeQA, .qasper, .duReader, .samSum: 128
    case .govReport, .qmSum, .multiNews, .vcSum: 512
    }
  }

  /// How an answer is scored.
  public var metric: LongBenchMetric {
    switch self {
    case .narrativeQA, .qasper, .multiFieldQA, .hotpotQA, .twoWikiMultihopQA, .musique, .triviaQA: .tokenF1
    case .multiFieldQAChinese: .chineseTokenF1
    case .govReport, .qmSum, .multiNews, .samSum: .rougeL
    case .duReader, .vcSum: .chineseRougeL
    case .trec, .lsht: .classification
    case .passageCount: .count
    case .passageRetrieval: .retrieval
    case .passageRetrievalChinese: .chineseRetrieval
    case .lcc, .repoBench: .editSimilarity
    }
  }

  /// Whether a chat model is asked in its chat template. Tasks by example and code are to be continued as they stand.
  public var usesChatTemplate: Bool {
    switch self {
    case .trec, .triviaQA, .samSum, .lsht, .lcc, .repoBench: false
    default: true
    }
  }

  /// Whether only the answer's first line is scored: the tasks by example, where a model goes on with more examples.
  public var scoresFirstLineOnly: Bool {
    switch self {
    case .trec, .triviaQA, .samSum, .lsht: true
    default: false
    }
  }

  /// Whether a line feed ends the answer, and neither it nor the end token may be the answer's first token.
  public var endsAtLineFeed: Bool { self == .samSum }

  /// Whether nothing that follows an answer's beginning can change its score, so that the model may stop there: only
  /// the first line counts, or the first line of code, and it is whole.
  public func isSettled(by beginning: String) -> Bool {
    guard scoresFirstLineOnly || metric == .editSimilarity else { return false }
    let whole = beginning.linesAfterLeadingFeeds.dropLast()
    return scoresFirstLineOnly ? !whole.isEmpty : whole.contains(where: EditSimilarity.isCode)
  }
}
