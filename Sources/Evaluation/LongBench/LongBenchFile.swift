import FileIO

/// A file in LongBench's layout, one sample a line; lines are read when they are asked for.
public struct LongBenchFile: Sendable {
  /// A line that is not empty: its number from 1 on, and where it lies in the file.
  struct Line: Equatable, Sendable {
    var number: Int
    var bytes: Range<Int>
  }

  /// The most bytes that a line may have.
  public static let lineLimit = 1 << 24

  /// The file's path, as it was given.
  public var path: String { reader.path }
  private let reader: FileReader
  private let lines: [Line]
  /// Whether the file's name says that it is one of LongBench-E: `qasper_e.jsonl`.
  private let isExtended: Bool

  /// Opens a file and finds its lines; lines of white space alone are passed over.
  ///
  /// - Throws: `FileError`.
  public init(path: String) throws {
    let reader = try FileReader(path: path)
    self.reader = reader
    lines = try Self.lines(of: reader)
    let name = path.split(separator: "/").last ?? ""
    isExtended = (name.split(separator: ".", omittingEmptySubsequences: false).first ?? "").hasSuffix("_e")
  }

  /// The number of lines that are not empty.
  public var count: Int { lines.count }

  /// The number in the file, from 1 on, of the line that is not empty at `index`, from 0 on.
  public func number(at index: Int) -> Int { lines[index].number }

  /// The sample at `index`, from 0 on, or what is wrong with its line.
  ///
  /// - Throws: `FileError` if the file cannot be read any more.
  public func sample(at index: Int) throws -> Result<LongBenchSample, LongBenchFinding> {
    let line = lines[index]
    do {
      guard line.bytes.count <= Self.lineLimit else {
        throw LongBenchFault.lineTooLong(bytes: line.bytes.count, limit: Self.lineLimit)
      }
      let bytes = try reader.read(at: line.bytes.lowerBound, count: line.bytes.count)
      return .success(try LongBenchSample(line: bytes, extended: isExtended))
    } catch let fault as LongBenchFault {
      return .failure(LongBenchFinding(path: path, line: line.number, fault: fault))
    }
  }

  /// The file is read once, a piece at a time.
  private static func lines(of reader: FileReader) throws -> [Line] {
    var lines: [Line] = []
    var (number, start, isBlank) = (1, 0, true)
    func end(at offset: Int) {
      if !isBlank { lines.append(Line(number: number, bytes: start..<offset)) }
      (number, start, isBlank) = (number + 1, offset + 1, true)
    }
    let piece = 1 << 20
    for offset in stride(from: 0, to: reader.byteCount, by: piece) {
      let bytes = try reader.read(at: offset, count: min(piece, reader.byteCount - offset))
      for (index, byte) in bytes.enumerated() {
        switch byte {
        case UInt8(ascii: "\n"): end(at: offset + index)
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
        default: isBlank = false
        }
      }
    }
    end(at: reader.byteCount)
    return lines
  }
}
