import Evaluation
import FileIO

/// The samples of a LongBench run: files in its layout, read a line at a time.
public struct LongBenchData: Sendable {
  /// The samples, in the order of files and lines.
  public let cells: [LongBenchCell]
  /// Lines that were passed over, in order.
  public let findings: [LongBenchFinding]
  /// The bytes of the longest prompt.
  let longestPrompt: Int
  private let files: [LongBenchFile]
  private let places: [LongBenchCell: Place]

  private struct Place {
    var file: Int
    var index: Int
  }

  /// Reads files through; what is wrong in a line becomes a finding, and the other lines are taken.
  ///
  /// - Parameters:
  ///   - paths: files, and folders whose `.jsonl` files are taken, by name.
  ///   - rows: only samples of these; nil takes all. In a folder, a file named after another task is not read.
  ///   - limit: the first samples of each row only.
  /// - Throws: `FileError`; `LongBenchData.Failure` if there is nothing to be asked.
  public init(paths: [String], rows: Set<LongBenchRow>? = nil, limit: Int? = nil) throws {
    var cells: [LongBenchCell] = []
    var findings: [LongBenchFinding] = []
    var places: [LongBenchCell: Place] = [:]
    var taken: [String: Set<String>] = [:]
    var longest = 0
    files = try paths.flatMap { try Self.files(at: $0, rows: rows) }.map(LongBenchFile.init)
    for (number, file) in files.enumerated() {
      for index in 0..<file.count {
        let sample: LongBenchSample
        switch try file.sample(at: index) {
        case .failure(let finding):
          findings.append(finding)
          continue
        case .success(let found): sample = found
        }
        guard rows?.contains(LongBenchRow(task: sample.task, isExtended: sample.isExtended)) ?? true,
          taken[sample.row, default: []].count < limit ?? .max
        else { continue }
        let line = file.number(at: index)
        let cell = sample.cell(place: "\(file.path.split(separator: "/").last ?? ""):\(line)")
        guard taken[cell.task, default: []].insert(cell.id).inserted else {
          findings.append(LongBenchFinding(path: file.path, line: line, fault: .repeated(id: cell.id)))
          continue
        }
        cells.append(cell)
        places[cell] = Place(file: number, index: index)
        longest = max(longest, sample.prompt.text.utf8.count)
      }
    }
    guard !cells.isEmpty else { throw Failure.noSamples(paths: paths, firstFinding: findings.first) }
    (self.cells, self.findings, self.places, longestPrompt) = (cells, findings, places, longest)
  }

  /// The sample of a cell, read again.
  ///
  /// - Throws: `FileError`, `LongBenchFinding` if its file has changed meanwhile.
  func sample(of cell: LongBenchCell) throws -> LongBenchSample {
    guard let place = places[cell] else { preconditionFailure("a cell of other data") }
    return try files[place.file].sample(at: place.index).get()
  }

  /// A file, or the files of a folder.
  private static func files(at path: String, rows: Set<LongBenchRow>?) throws -> [String] {
    guard FolderReader.isFolder(path) else { return [path] }
    let names = try FolderReader.names(in: path).filter { $0.hasSuffix(".jsonl") }
    guard !names.isEmpty else { throw Failure.noFiles(folder: path) }
    return names.filter { name in
      guard let rows, let row = LongBenchRow(name: String(name.dropLast(".jsonl".count))) else { return true }
      return rows.contains(row)
    }.map { "\(path)/\($0)" }
  }

  /// Why there is nothing to be asked.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// A folder without `.jsonl` files.
    case noFiles(folder: String)
    /// No line of the files is a sample that was asked for.
    case noSamples(paths: [String], firstFinding: LongBenchFinding?)

    public var description: String {
      switch self {
      case .noFiles(let folder): "\(folder): the folder has no .jsonl files"
      case .noSamples(let paths, let finding):
        "no sample of the tasks asked for in \(paths.joined(separator: ", "))"
          + (finding.map { "; the first line passed over: \($0)" } ?? "")
      }
    }
  }
}
