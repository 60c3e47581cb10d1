import Commands
import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct CommandInputsTests {
  private let scratch = ScratchFolder()

  private func make(_ name: String) throws -> String {
    try Data([1]).write(to: URL(fileURLWithPath: scratch.file(name)))
    return scratch.file(name)
  }

  @Test func allPartsOfAModel() throws {
    let parts = try (1...2).map { try make("m-0000\($0)-of-00002.gguf") }
    let inputs = CommandInputs([.prompt: nil, .model: parts[0]])
    for part in parts {
      #expect(
        throws: OutputConflict(kind: .same, role: "page", output: part, inputRole: "model", input: part)
      ) { try inputs.protect(from: part, role: "page") }
    }
    try inputs.protect(from: try make("m.gguf"))
    try inputs.protect(from: nil)
  }

  /// Of a folder of data the files that are read; a log may stand among them.
  @Test func dataThatAreRead() throws {
    try FolderReader.make(scratch.file("data"))
    let (read, log) = (try make("data/a.jsonl"), try make("data/log"))
    var inputs = CommandInputs()
    inputs.add(.data, [scratch.file("data")])
    try inputs.protect(from: log)
    #expect(throws: OutputConflict.self) { try inputs.protect(from: read) }
    var one = CommandInputs()
    one.add(.data, [log])
    #expect(throws: OutputConflict.self) { try one.protect(from: log) }
  }
}
