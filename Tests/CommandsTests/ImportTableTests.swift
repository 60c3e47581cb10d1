import Foundation
import Testing

/// docs/architecture.md says of each target what it may import; the sources import just that.
@Suite struct ImportTableTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// What every target may import.
  private static let system: Set<String> = ["Foundation", "Dispatch", "Synchronization", "Glibc", "Musl", "Darwin"]

  /// The third column of the table of targets, by the names in the first.
  private static let table: [String: Set<String>] = {
    let text = try! String(contentsOf: root.appendingPathComponent("docs/architecture.md"), encoding: .utf8)
    var table: [String: Set<String>] = [:]
    for line in text.components(separatedBy: "\n") where line.hasPrefix("| `") {
      let columns = line.components(separatedBy: " | ")
      guard columns.count == 4 else { continue }
      for name in names(in: columns[0]) { table[name] = names(in: columns[2]) }
    }
    return table
  }()

  private static func names(in column: String) -> Set<String> {
    Set(column.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element))
  }

  private static let targets = try! FileManager.default.contentsOfDirectory(
    atPath: root.appendingPathComponent("Sources").path
  ).filter { $0.first != "." }.sorted()

  @Test(arguments: targets) func importsAreThoseOfTheTable(target: String) throws {
    let allowed = try #require(Self.table[target], "docs/architecture.md has no row for \(target)")
    let folder = Self.root.appendingPathComponent("Sources/\(target)")
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    var imported: Set<String> = []
    for case let file as URL in files where file.pathExtension == "swift" {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let words = line.split(separator: " ")
        guard let place = words.firstIndex(of: "import"),
          words[..<place].allSatisfy({ $0.hasPrefix("@") || $0 == "package" })
        else { continue }
        if let name = words.last?.prefix(while: { $0 != "." }) { imported.insert(String(name)) }
      }
    }
    #expect(imported.subtracting(Self.system) == allowed)
  }

  /// The table has no row of a target that is gone.
  @Test func rowsAreOfTargets() throws {
    let package = try String(contentsOf: Self.root.appendingPathComponent("Package.swift"), encoding: .utf8)
    for name in Self.table.keys where name.first?.isUppercase == true || name == "fkv" {
      guard Self.table[name]?.isEmpty == false else { continue }
      #expect(package.contains("\"\(name)\"") || name.contains("."), "\(name)")
    }
  }
}
