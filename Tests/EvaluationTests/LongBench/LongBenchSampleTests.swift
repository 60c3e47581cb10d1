import Testing

@testable import Evaluation

@Suite struct LongBenchSampleTests {
  static let line = #"""
    {"input": "Who?", "context": "Ada \"built\" it.\nÜber 4 \u4f60", "answers": ["Ada", "Ada Brook"], "length": 5, \#
    "dataset": "qasper", "language": "en", "all_classes": null, "_id": "a1"}
    """#

  static func sample(_ line: String = line, extended: Bool = false) throws(LongBenchFault) -> LongBenchSample {
    try LongBenchSample(line: Array(line.utf8), extended: extended)
  }

  @Test func readsTheLayout() throws {
    let sample = try Self.sample()
    #expect(
      sample
        == LongBenchSample(
          task: .qasper, isExtended: false, id: "a1", input: "Who?", context: "Ada \"built\" it.\nÜber 4 你",
          answers: ["Ada", "Ada Brook"], classes: [], length: 5))
  }

  @Test func otherFieldsDoNotMatter() throws {
    let line = Self.line.dropLast() + #", "extra": {"deep": [1, {"x": null}]}, "language": 7}"#
    #expect(try Self.sample(String(line)) == Self.sample())
    let bare = #"{"dataset":"lcc","answers":["x"],"context":"","input":""}"#
    let sample = try Self.sample(bare)
    #expect(sample.id == nil && sample.length == nil && sample.classes.isEmpty)
  }

  @Test func longBenchEIsToldApart() throws {
    #expect(try Self.sample(Self.line.replacing("qasper", with: "qasper_e")).isExtended)
    #expect(try Self.sample(Self.line.replacing("qasper", with: "qasper_e")).task == .qasper)
    #expect(try Self.sample(extended: true).isExtended)
  }

  static let faults: [(find: String, put: String, fault: LongBenchFault)] = [
    (line, "", .notJSON), (line, "[]", .notObject), (line, "7", .notObject), (line, "null", .notObject),
    (#""a1"}"#, #""a1""#, .notJSON), (#"\u4f60"#, #"\ud800"#, .notJSON),
    (#""input""#, #""Input""#, .missingField("input")), (#""context""#, #""c""#, .missingField("context")),
    (#""answers""#, #""c""#, .missingField("answers")), (#""dataset""#, #""c""#, .missingField("dataset")),
    (#""Who?""#, "null", .wrongType(field: "input")), (#""Who?""#, "[]", .wrongType(field: "input")),
    (#"["Ada", "Ada Brook"]"#, #""Ada""#, .wrongType(field: "answers")),
    (#"["Ada", "Ada Brook"]"#, #"["Ada", 1]"#, .wrongType(field: "answers")),
    (#"["Ada", "Ada Brook"]"#, "[]", .empty(field: "answers")),
    (#""all_classes": null"#, #""all_classes": [1]"#, .wrongType(field: "all_classes")),
    (#""length": 5"#, #""length": "5""#, .wrongType(field: "length")),
    (#""length": 5"#, #""length": 5.5"#, .wrongType(field: "length")),
    (#""length": 5"#, #""length": 99999999999999999999"#, .wrongType(field: "length")),
    (#""_id": "a1""#, #""_id": 1"#, .wrongType(field: "_id")),
    ("qasper", "nq", .unknownTask("nq")), ("qasper", "QASPER", .unknownTask("QASPER")),
    ("qasper", "trec", .empty(field: "all_classes")),
    ("qasper", "passage_retrieval_en", .unnumbered(label: "Paragraph ")),
    ("qasper", "passage_retrieval_zh", .unnumbered(label: "段落")),
  ]

  @Test(arguments: faults.indices) func refuses(index: Int) {
    let (find, put, fault) = Self.faults[index]
    #expect(Self.line.contains(find))
    #expect(throws: fault, "\(put)") { try Self.sample(Self.line.replacing(find, with: put)) }
  }

  @Test func refusesBytesThatAreNoText() {
    #expect(throws: LongBenchFault.notUTF8) { try LongBenchSample(line: Array(Self.line.utf8) + [0xFF]) }
  }

  @Test func refusesAnswersThatNoTableHolds() {
    let limit = LongBenchSample.answerLimit
    func line(_ count: Int) -> String {
      Self.line.replacing(#""Ada Brook""#, with: "\"\(String(repeating: "a", count: count))\"")
    }
    #expect(throws: Never.self) { try Self.sample(line(limit)) }
    #expect(throws: LongBenchFault.answerTooLong(bytes: limit + 1, limit: limit)) { try Self.sample(line(limit + 1)) }
  }

  /// A line that nests deeper than any reader's stack is refused, not followed.
  @Test func refusesDepth() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: LongBenchFault.notJSON) { try Self.sample(Self.line.replacing("null", with: deep)) }
  }

  @Test func theBestAnswerCounts() throws {
    var sample = try Self.sample()
    // "Ada Brook" of three words: P = 2/3, R = 1.
    #expect(abs(sample.score("Miss Ada Brook") - 0.8) <= 0x1p-50)
    #expect(sample.score("Ada") == 1)
    #expect(sample.score("nobody\nAda") > 0)
    sample.task = .triviaQA
    #expect(sample.score("nobody\nAda") == 0)
    #expect(sample.score("\n\nAda\nnobody") == 1)
    #expect(sample.score("") == 0)
  }
}
