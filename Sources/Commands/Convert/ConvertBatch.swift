import ComputeKernels
import FileIO
import Interchange

/// `fkv convert` of many files into a folder: those that fail do not stop the others.
public struct ConvertBatch: Sendable {
  public var inputs: [String]
  public var folder: String
  public var reading: CacheReading
  public var writing: CacheWriting
  /// Inputs that are converted at a time.
  public var jobs = 1

  public init(inputs: [String], folder: String, reading: CacheReading = CacheReading(), writing: CacheWriting) {
    self.inputs = inputs
    self.folder = folder
    self.reading = reading
    self.writing = writing
  }

  /// The outcome of one input.
  public struct Outcome: Sendable {
    public var input: String
    public var result: Result<ConvertPipeline.Report, any Error>
  }

  /// Two inputs whose outputs would have one name.
  public struct SameOutput: Error, Equatable, Sendable, CustomStringConvertible {
    public var first: String
    public var second: String
    public var output: String

    public var description: String { "\(first) and \(second) would both become \(output)" }
  }

  /// The output of an input: its name, with the format's ending in place of its own, in the folder.
  public func output(of input: String) -> String {
    let name = input.split(separator: "/").last.map(String.init) ?? input
    let stem = name.lastIndex(of: ".").flatMap { $0 > name.startIndex ? String(name[..<$0]) : nil } ?? name
    let ending = writing.target.fileExtension
    return "\(folder)/\(stem)\(ending.isEmpty ? "" : "." + ending)"
  }

  /// Converts every input and says of each how it went, in their order.
  ///
  /// - Parameter progress: called, one call at a time, with inputs done and inputs in all.
  /// - Throws: `SameOutput`, and `OutputConflict` for an input that an output would replace, before anything is converted;
  ///   `FileError` if the folder is missing and cannot be made.
  public func run(progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }) throws -> [Outcome] {
    var inputOf: [String: String] = [:]
    for input in inputs {
      if let other = inputOf.updateValue(input, forKey: output(of: input)) {
        throw SameOutput(first: other, second: input, output: output(of: input))
      }
    }
    var files = CommandInputs()
    files.add(.cache, inputs)
    for input in inputs {
      try files.protect(from: output(of: input), isFolder: CacheFormats.writesFolder(writing.format))
    }
    try FolderReader.make(folder)
    let count = inputs.count
    let done = DoneCounter()
    return try ParallelLoop.map(count, width: jobs) { index in
      let input = inputs[index]
      let pipeline = ConvertPipeline(input: input, output: output(of: input), reading: reading, writing: writing)
      let result = Result { try pipeline.run() }
      done.next { progress($0, count) }
      return Outcome(input: input, result: result)
    }
  }
}
