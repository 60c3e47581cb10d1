import Commands
import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct PromptTextTests {
  private let scratch = ScratchFolder()

  private func read(_ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.file("p.txt")))
    return try PromptText.read(scratch.file("p.txt"))
  }

  @Test func textComesAsItIs() throws {
    #expect(try read(Array(" A naïve 文\n\n".utf8)) == " A naïve 文\n\n")
  }

  @Test func marksAreNoText() throws {
    #expect(try read([0xEF, 0xBB, 0xBF] + Array("A\u{FEFF}".utf8)) == "A\u{FEFF}")
    let path = scratch.file("p.txt")
    #expect(throws: PromptText.Failure.empty(source: path)) { try read([0xEF, 0xBB, 0xBF]) }
    for (bytes, encoding) in [([0xFF, 0xFE, 65, 0], "UTF-16"), ([0xFE, 0xFF, 0, 65], "UTF-16")] as [([UInt8], String)] {
      #expect(throws: PromptText.Failure.otherEncoding(source: path, encoding: encoding)) { try read(bytes) }
      #expect(throws: PromptText.Failure.otherEncoding(source: path, encoding: encoding)) { try TokenIDFile.read(path) }
      #expect(throws: PromptText.Failure.otherEncoding(source: path, encoding: encoding)) {
        try Continuation.text(of: path, option: "-p")
      }
    }
  }

  @Test func whatIsNoPrompt() {
    let path = scratch.file("p.txt")
    for bytes: [UInt8] in [[0xFF], [0x41, 0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80]] {
      #expect(throws: PromptText.Failure.notText(source: path)) { try read(bytes) }
    }
    for text in ["", " ", "\n\t \r\n"] {
      #expect(throws: PromptText.Failure.empty(source: path)) { try read(Array(text.utf8)) }
    }
    #expect(throws: FileError.self) { try PromptText.read(scratch.file("none")) }
    #expect(throws: FileError.notRegular(path: scratch.path)) { try PromptText.read(scratch.path) }
  }
}
