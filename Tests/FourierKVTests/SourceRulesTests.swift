import Foundation
import Testing

/// Rules on the sources that no compiler holds: C libraries and ArgumentParser have one door each.
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
    let files = try #require(FileManager.default.enumerator(at: Self.sources, includingPropertiesForKeys: nil))
    var importers: Set<String> = []
    for case let file as URL in files where file.pathExtension == "swift" {
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      let imports = lines.contains { line in
        let words = line.split(whereSeparator: { " .".contains($0) })
        return words.firstIndex(of: "import").map { words.dropFirst($0 + 1).contains(Substring(module)) } ?? false
      }
      guard imports else { continue }
      let below = file.standardizedFileURL.path.dropFirst(Self.sources.standardizedFileURL.path.count + 1)
      importers.insert(String(below.prefix { $0 != "/" }))
    }
    #expect(importers == targets)
  }
}
