import Foundation
import TestSupport
import Testing

@testable import Commands

@Suite struct TokenIDFileTests {
  private let scratch = ScratchFolder()

  private func read(_ text: String) throws -> [Int32] {
    try Data(text.utf8).write(to: URL(fileURLWithPath: scratch.file("t")))
    return try TokenIDFile.read(scratch.file("t"))
  }

  @Test func listsOfEveryLook() throws {
    for text in ["1 22 333", "1\n22\n333\n", "[1, 22, 333]", "1,22,333", "\t[1,\r\n 22 333]"] {
      #expect(try read(text) == [1, 22, 333])
    }
    #expect(try read("2147483647 0 007") == [.max, 0, 7])
  }

  @Test func brackets() throws {
    for text in ["[1,2,3", "1,2]", "[1] 2", "1 [2 3]", "]1[", "[1,2]]"] {
      #expect(throws: TokenIDFile.Failure.notClosed(path: scratch.file("t")), "\(text)") { try read(text) }
    }
    for text in ["[[1,2],[3,4]]", "[[1]]", "[1,[2]", "[[[", "[1][2]"] {
      #expect(throws: TokenIDFile.Failure.severalLists(path: scratch.file("t")), "\(text)") { try read(text) }
    }
    #expect(try read(" \n[ 5 ]\n") == [5])
  }

  @Test func whatIsNoList() throws {
    for text in ["", " \n", "[]"] {
      #expect(throws: TokenIDFile.Failure.empty(path: scratch.file("t"))) { try read(text) }
    }
    for (text, word) in [("1 -2", "-2"), ("1 x", "x"), ("1 2147483648", "2147483648"), ("1 1.5", "1.5"), ("1 ４", "４")] {
      #expect(throws: TokenIDFile.Failure.notToken(path: scratch.file("t"), index: 1, found: word)) { try read(text) }
    }
    let long = String(repeating: "9", count: 100)
    #expect(throws: TokenIDFile.Failure.notToken(path: scratch.file("t"), index: 0, found: String(long.prefix(24)))) {
      try read(long)
    }
  }
}
