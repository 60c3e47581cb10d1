import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct InputFilesTests {
  private let folder = ScratchFolder()

  private func make(_ name: String) throws -> String {
    try Data([1]).write(to: URL(fileURLWithPath: folder.file(name)))
    return folder.file(name)
  }

  private func inputs(_ files: (String, String?)...) -> InputFiles {
    var inputs = InputFiles()
    for (role, path) in files { inputs.add(role, path) }
    return inputs
  }

  private func conflict(_ kind: OutputConflict.Kind, _ output: String, _ input: String) -> OutputConflict {
    OutputConflict(kind: kind, role: "page", output: output, inputRole: "model", input: input)
  }

  @Test func oneFileByAnyName() throws {
    let path = try make("m")
    _ = try make("c")
    #expect(symlink("m", folder.file("symbolic")) == 0 && link(path, folder.file("hard")) == 0)
    let inputs = inputs(("cache", folder.file("c")), ("key", nil), ("prompt", folder.file("none")), ("model", path))
    for output in ["m", "symbolic", "hard", "./m", "../\(folder.url.lastPathComponent)/m"].map({
      folder.path + "/" + $0
    }) {
      #expect(throws: conflict(.same, output, path)) { try inputs.protect(from: output, role: "page") }
    }
    // And a link that is read.
    #expect(throws: conflict(.same, path, folder.file("symbolic"))) {
      try self.inputs(("model", folder.file("symbolic"))).protect(from: path, role: "page")
    }
  }

  @Test func otherFilesMayBeReplaced() throws {
    let inputs = inputs(("model", try make("m")), ("text", "a question, no file"), ("cache", folder.file("none")))
    for output in [try make("other"), folder.file("new"), folder.file("none"), "", "/dev/null"] {
      try inputs.protect(from: output)
    }
    #expect(symlink("nowhere", folder.file("dangling")) == 0)
    try inputs.protect(from: folder.file("dangling"))
    // A file may stand in the folder that is written into.
    try inputs.protect(from: folder.path)
  }

  @Test func folders() throws {
    try FolderReader.makeAll(folder.file("f/g"))
    let (inside, below) = (try make("f/a"), try make("f/g/b"))
    let whole = inputs(("model", folder.file("f")))
    for output in [inside, below] {
      #expect(throws: conflict(.within, output, folder.file("f"))) { try whole.protect(from: output, role: "page") }
    }
    try whole.protect(from: folder.file("f/new"))
    #expect(throws: conflict(.same, folder.file("f"), folder.file("f"))) {
      try whole.protect(from: folder.file("f"), role: "page")
    }
    for input in [inside, below, folder.file("f/g")] {
      let output = folder.file("f") + "/"
      #expect(throws: conflict(.holds, output, input)) {
        try self.inputs(("model", input)).protect(from: output, role: "page", isFolder: true)
      }
    }
    try inputs(("model", inside)).protect(from: folder.file("f/g"), isFolder: true)
  }

  @Test func standardInput() async {
    await #expect(processExitsWith: .success) {
      let folder = ScratchFolder()
      let path = folder.file("p")
      try Data([1]).write(to: URL(fileURLWithPath: path))
      precondition(dup2(open(path, O_RDONLY), 0) == 0)
      for name in ["-", "/dev/stdin"] {
        var inputs = InputFiles()
        inputs.add("prompt", name)
        do {
          try inputs.protect(from: path)
          fatalError("the prompt would be replaced")
        } catch let error as OutputConflict {
          precondition(error.kind == .same && error.input == name)
        }
        try inputs.protect(from: folder.file("other"))
      }
    }
  }

  @Test func messagesNameBoth() {
    let texts = [OutputConflict.Kind.same, .within, .holds].map { "\(conflict($0, "o", "i"))" }
    #expect(
      texts == [
        "o: the page would replace the model i, which is the same file",
        "o: the page would replace a file of the model i", "o: the page is a folder that holds the model i",
      ])
  }
}
