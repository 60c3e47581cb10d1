import Foundation
import TestSupport
import Testing

@testable import Commands

@Suite struct ContinuationTextTests {
  static let files = [
    "./q", "../q", "~/q", "./my question", "/tmp/q", "/tmp/my question", "/q.txt", "q.txt", "Q.TXT", "docs/q.md",
    "q.json", "q.jsonl", "..txt", "a.b.csv",
  ]

  static let texts = [
    "", " ", ".", "..", "/", "~", ".txt", "/no_think", "/no_think What is 1/2?", "What is in q.txt", " q.txt", "q.txt ",
    "README.md?", "Node.js", "3.14", "and/or", "https://a.org/q.txt", "file://q.txt", "./a\nb", "...", "Hello.",
    "e.g.text and",
  ]

  @Test(arguments: files) func namesOfFiles(text: String) {
    #expect(Continuation.looksLikeFile(text))
    #expect(throws: Continuation.NoSuchFile(path: text, option: "-p")) { try Continuation.text(of: text, option: "-p") }
  }

  @Test(arguments: texts) func textsThatAreNone(text: String) {
    #expect(!Continuation.looksLikeFile(text))
  }

  @Test func aTextStandsForItself() throws {
    #expect(try Continuation.text(of: "What is in q.txt", option: "-p") == "What is in q.txt")
  }

  @Test func aFileOfAnyNameIsRead() throws {
    let path = ScratchFolder().file("q.txt")
    let scratch = ScratchFolder()
    try Data("How tall?".utf8).write(to: URL(fileURLWithPath: scratch.file("q.txt")))
    #expect(try Continuation.text(of: scratch.file("q.txt"), option: "-p") == "How tall?")
    #expect(throws: Continuation.NoSuchFile(path: path, option: "--continue")) {
      try Continuation.text(of: path, option: "--continue")
    }
  }
}
