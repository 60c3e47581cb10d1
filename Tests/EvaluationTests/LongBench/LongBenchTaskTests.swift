import Testing

@testable import Evaluation

@Suite struct LongBenchTaskTests {
  /// 64-bit FNV-1a of each template's UTF-8 and the most answer tokens, computed in Python from `dataset2prompt.json`
  /// and `dataset2maxlen.json` of LongBench at commit 2e00731.
  static let published: [String: (template: UInt64, answer: Int)] = [
    "narrativeqa": (0x6b83_3ec5_a552_1200, 128), "qasper": (0xe0bb_e61b_9cc5_0aa0, 128),
    "multifieldqa_en": (0x21a5_52b1_c541_37ef, 64), "multifieldqa_zh": (0xdce3_b185_073f_66ff, 64),
    "hotpotqa": (0x3d89_cf4b_eb38_cf14, 32), "2wikimqa": (0x3d89_cf4b_eb38_cf14, 32),
    "musique": (0x3d89_cf4b_eb38_cf14, 32), "dureader": (0x2e28_84cb_43d2_fcbf, 128),
    "gov_report": (0x6da7_1a89_083b_cdb7, 512), "qmsum": (0x2838_9330_0103_c98b, 512),
    "multi_news": (0x3695_29e0_4246_6304, 512), "vcsum": (0xd332_cf7a_47d2_e66b, 512),
    "trec": (0x1f91_2dcf_0e42_e076, 64), "triviaqa": (0x09e8_fec6_928e_0dbf, 32),
    "samsum": (0x358d_affe_e184_1a64, 128), "lsht": (0x4fe4_1fc4_3533_3ba7, 64),
    "passage_count": (0xd1c2_15a1_6371_3511, 32), "passage_retrieval_en": (0xf231_df53_6a3f_d1d8, 32),
    "passage_retrieval_zh": (0xe47d_36fa_2cd8_1a5a, 32), "lcc": (0x6233_0c8d_81c7_25fc, 64),
    "repobench-p": (0xb4ad_ffb9_b130_f528, 64),
  ]

  @Test(arguments: LongBenchTask.allCases) func promptsAreThePublishedOnes(task: LongBenchTask) throws {
    let published = try #require(Self.published[task.rawValue])
    let hash = task.template.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    #expect(hash == published.template)
    #expect(task.maxAnswerTokens == published.answer)
  }

  @Test func allTasksAreThere() { #expect(Set(LongBenchTask.allCases.map(\.rawValue)) == Set(Self.published.keys)) }

  /// The lists that stand in `pred.py` and `eval.py`.
  @Test func exceptionsOfTasks() {
    func names(_ property: (LongBenchTask) -> Bool) -> Set<String> {
      Set(LongBenchTask.allCases.filter(property).map(\.rawValue))
    }
    #expect(names { !$0.usesChatTemplate } == ["trec", "triviaqa", "samsum", "lsht", "lcc", "repobench-p"])
    #expect(names(\.scoresFirstLineOnly) == ["trec", "triviaqa", "samsum", "lsht"])
    #expect(names(\.endsAtLineFeed) == ["samsum"])
    #expect(names { $0.metric == .classification } == ["trec", "lsht"])
  }
}

@Suite struct LongBenchRowTests {
  @Test(arguments: LongBenchTask.allCases, [false, true]) func namesGoBackAndForth(task: LongBenchTask, extended: Bool)
  {
    let row = LongBenchRow(task: task, isExtended: extended)
    #expect(LongBenchRow(name: row.name) == row)
    #expect(row.name == task.rawValue + (extended ? "_e" : ""))
  }

  @Test func otherNamesAreNone() {
    for name in ["", "_e", "nq", "Qasper", "qasper_e_e", "qasper_E", " qasper"] {
      #expect(LongBenchRow(name: name) == nil)
    }
  }
}

@Suite struct SettledAnswerTests {
  /// An answer that is settled keeps its score whatever follows.
  @Test(arguments: LongBenchTask.allCases) func nothingThatFollowsChangesTheScore(task: LongBenchTask) {
    let sample = LongBenchSample(
      task: task, id: nil, input: "", context: "", answers: ["Paragraph 1 段落1 x"], classes: ["Paragraph 1 段落1 x"],
      length: nil)
    for beginning in ["", "\n", "\n\n", "x", "x\n", "\nx\n", "# x\n", "# x\ny\n", "`\n//\n", "Paragraph 1 段落1 x\nmore"]
    where task.isSettled(by: beginning) {
      for end in ["Paragraph 1 段落1 x", "\nx", "1", "#"] {
        #expect(sample.score(beginning + end) == sample.score(beginning), "\(beginning) \(end)")
      }
    }
  }

  @Test func whatIsWaitedFor() {
    #expect(LongBenchTask.trec.isSettled(by: "\nx\n") && !LongBenchTask.trec.isSettled(by: "\n\nx"))
    #expect(LongBenchTask.lcc.isSettled(by: "# x\ny\n") && !LongBenchTask.lcc.isSettled(by: "# x\ny"))
    #expect(!LongBenchTask.lcc.isSettled(by: "# x\n"))
    #expect(!LongBenchTask.qasper.isSettled(by: "x\n"))
  }
}
