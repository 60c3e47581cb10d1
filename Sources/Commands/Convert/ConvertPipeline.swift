import FileIO
import Interchange
import KVCacheModel

/// `fkv convert` of one file: a cache of any format in, the same cache in another format out.
public struct ConvertPipeline: Sendable {
  public var input: String
  public var output: String
  public var reading: CacheReading
  public var writing: CacheWriting

  public init(input: String, output: String, reading: CacheReading = CacheReading(), writing: CacheWriting) {
    self.input = input
    self.output = output
    self.reading = reading
    self.writing = writing
  }

  /// What a run reports.
  public struct Report: Sendable {
    public var input: String
    public var output: String
    /// The formats' names.
    public var from: String
    public var to: String
    public var description: CacheDescription
    /// Everything that the output does not have of the input, or the input had lost before.
    public var losses: [LossSummary]
    /// Bytes of the output; of a folder's files together.
    public var outputBytes: Int
  }

  /// Converts; the output appears whole or not at all.
  ///
  /// - Parameter progress: called after each layer with layers done and layers in all.
  public func run(progress: (Int, Int) -> Void = { _, _ in }) throws -> Report {
    let opened = try reading.open(input, needs: writing.needs)
    let count = opened.source.description.geometry.layers.count
    var done = 0
    let dropped = try writing.write(opened.source, keyConvention: opened.keyConvention, to: output) { _ in
      done += 1
      progress(done, count)
    }
    return Report(
      input: input, output: output, from: opened.format.name, to: writing.target.name,
      description: opened.source.description, losses: (opened.losses + dropped).map(LossSummary.init),
      outputBytes: try Self.bytes(of: output))
  }

  static func bytes(of path: String) throws -> Int {
    guard FolderReader.isFolder(path) else { return try FileReader(path: path).byteCount }
    return try FolderReader.names(in: path).reduce(0) { try $0 + bytes(of: path + "/" + $1) }
  }
}
