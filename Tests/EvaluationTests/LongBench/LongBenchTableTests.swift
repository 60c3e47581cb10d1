import Testing

@testable import Evaluation

@Suite struct LongBenchTableTests {
  private func score(_ row: String, _ method: String, _ value: Double, _ length: Int? = nil) -> LongBenchTable.Score {
    .init(row: row, method: method, value: value, length: length)
  }

  @Test func meansByTaskAndMethod() {
    let table = LongBenchTable([
      score("trec", "full", 1), score("qasper", "full", 1 / 3), score("qasper", "full", 1),
      score("qasper", "q4_0", 0.5),
      score("trec", "q4_0", 0), score("trec", "q4_0", 1), score("trec", "q4_0", 1), score("own", "full", 0),
    ])
    #expect(table.rows == ["qasper", "trec", "own"])
    #expect(table.methods == ["full", "q4_0"])
    #expect(table.cell("qasper", "full") == .init(score: 66.67, samples: 2))
    #expect(table.cell("trec", "q4_0") == .init(score: 66.67, samples: 3))
    #expect(table.cell("own", "q4_0") == nil)
    // Of rounded scores, each task alike: (66.67 + 100 + 0) / 3.
    #expect(table.average("full") == 55.56)
    #expect(table.average("q4_0") == nil)
  }

  @Test func lengthClasses() {
    let lengths = [(3999, 1.0), (4000, 0.5), (7999, 0), (8000, 0.25)]
    let table = LongBenchTable(lengths.map { score("qasper_e", "full", $1, $0) } + [score("qasper_e", "full", 1)])
    #expect(table.cell("qasper_e", "full", length: .short) == .init(score: 100, samples: 1))
    #expect(table.cell("qasper_e", "full", length: .medium) == .init(score: 25, samples: 2))
    #expect(table.cell("qasper_e", "full", length: .long) == .init(score: 25, samples: 1))
    #expect(table.cell("qasper_e", "full") == .init(score: 55, samples: 5))
  }

  @Test func nothing() {
    let table = LongBenchTable([])
    #expect(table.rows.isEmpty && table.methods.isEmpty && table.average("full") == nil)
  }

  @Test func rowsKeepLongBenchsOrder() {
    let rows = ["x", "lcc", "qasper_e", "qasper", "narrativeqa"]
    #expect(LongBenchTable(rows.map { score($0, "m", 0) }).rows == ["narrativeqa", "qasper", "qasper_e", "lcc", "x"])
  }
}
