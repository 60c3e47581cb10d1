import Foundation
import Testing

/// Rules on the sources that no compiler holds: C libraries, ArgumentParser, files and streams have one door each.
@Suite struct SourceRulesTests {
  private static let sources = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Sources")

  static let doors: [(module: String, targets: Set<String>)] = [
    ("CFFTW", ["SpectralTransform"]), ("COpenBLAS", ["ComputeKernels"]), ("CLlama", ["LlamaEngine"]),
    ("CLZ4", ["Coding"]), ("CXXHash", ["FKVFormat", "Interchange"]), ("ArgumentParser", ["fkv"]),
  ]

  @Test(arguments: doors.indices) func oneDoorEach(index: Int) throws {
    let (module, targets) = Self.doors[index]
    var importers: Set<String> = []
    for (path, text) in try Self.files() {
      let imports = text.split(separator: "\n").contains { line in
        let words = line.split(whereSeparator: { " .".contains($0) })
        return words.firstIndex(of: "import").map { words.dropFirst($0 + 1).contains(Substring(module)) } ?? false
      }
      if imports { importers.insert(String(path.prefix { $0 != "/" })) }
    }
    #expect(importers == targets)
  }

  /// Every Swift file below `Sources`, by its path there.
  private static func files() throws -> [(path: String, text: String)] {
    let found = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var files: [(String, String)] = []
    for case let file as URL in found where file.pathExtension == "swift" {
      let path = file.standardizedFileURL.path.dropFirst(sources.standardizedFileURL.path.count + 1)
      files.append((String(path), try String(contentsOf: file, encoding: .utf8)))
    }
    return files
  }

  /// Calls that trap on a broken stream, keep silent about a full one, or throw errors that describe themselves for
  /// programmers: `StandardStream`, `InputBytes`, `FolderReader`, `AtomicFile` do it instead.
  static let calls = [
    "FileHandle.standard", "Swift.print(", "readLine(", ".createDirectory(", ".contentsOfDirectory(", ".linkItem(",
    ".copyItem(", ".moveItem(", ".removeItem(", "Data(contentsOf", ".write(to: URL", ".write(toFile", "fputs(",
  ]

  @Test(arguments: calls) func filesAndStreamsHaveOneDoor(call: String) throws {
    #expect(try Self.files().filter { $0.text.contains(call) }.map(\.path) == [])
  }

  /// The `print` of `fkv` throws; Swift's own, which would be taken for several values or none, does not.
  @Test func whatIsPrintedMayFail() throws {
    for (path, text) in try Self.files() where path.hasPrefix("fkv/") {
      for line in text.split(separator: "\n") where line.contains("print(") {
        #expect(line.contains("try ") || line.contains("func print("), "\(path): \(line)")
      }
    }
  }

  /// Commands take the files that they read out of their outputs' way: every one that writes says what it reads.
  @Test func commandsProtectTheirInputs() throws {
    for (path, text) in try Self.files() where path.hasPrefix("fkv/Commands/") && path != "fkv/Commands/Synthetic.swift"
    {
      let writes = text.contains("var output") || text.contains("outputFolder: String?") || text.contains("var svg")
      #expect(!writes || text.contains(".protect(from: "), "\(path)")
    }
  }
}
