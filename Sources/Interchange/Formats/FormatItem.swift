import FileIO

/// A file or folder whose format is to be told: what every format may look at, read once.
public struct FormatItem: Sendable {
  public let path: String
  public let isFolder: Bool
  /// The file's size; 0 for a folder.
  public let byteCount: Int
  /// The first 4096 bytes of a file, or all of a smaller one; empty for a folder.
  public let head: [UInt8]
  /// The names of what lies in a folder, sorted; empty for a file.
  public let names: [String]
  /// The header of a safetensors file that passes all of `SafetensorsFile`'s checks; nil for anything else.
  public let safetensors: SafetensorsFile?

  /// Looks at a file or folder.
  ///
  /// - Throws: `FileError` if it cannot be read.
  public init(path: String) throws {
    self.path = path
    isFolder = FolderReader.isFolder(path)
    if isFolder {
      (byteCount, head, safetensors) = (0, [], nil)
      names = try FolderReader.names(in: path)
    } else {
      let file = try FileReader(path: path)
      byteCount = file.byteCount
      head = try file.read(at: 0, count: min(4096, file.byteCount))
      names = []
      // Eight bytes of length, then a JSON object.
      safetensors = head.count > 8 && head[8] == UInt8(ascii: "{") ? try? SafetensorsFile(path: path) : nil
    }
  }
}
