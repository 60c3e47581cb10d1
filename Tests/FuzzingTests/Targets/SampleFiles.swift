import FileIO
import Foundation

/// Files of the repository that inputs start from.
enum SampleFiles {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The bytes of all files in a folder, in the order of their names, that end so and take `most` bytes or fewer.
  ///
  /// - Parameter folder: counted from the repository's root.
  static func bytes(in folder: String, ending: String, most: Int = .max) throws -> [[UInt8]] {
    try names(in: folder, ending: ending).map { try file("\(folder)/\($0)") }.filter { $0.count <= most }
  }

  /// The names of the files in a folder, counted from the repository's root, that end so.
  static func names(in folder: String, ending: String) throws -> [String] {
    try FolderReader.names(in: "\(root)/\(folder)").filter { $0.hasSuffix(ending) }
  }

  /// The bytes of a file, counted from the repository's root.
  static func file(_ name: String) throws -> [UInt8] {
    try bytes(at: path(name))
  }

  /// The bytes of a file anywhere.
  static func bytes(at path: String) throws -> [UInt8] {
    let reader = try FileReader(path: path)
    return try reader.read(at: 0, count: reader.byteCount)
  }

  /// The path of a file or folder, counted from the repository's root.
  static func path(_ name: String) -> String { "\(root)/\(name)" }

  static let vectors = "formats/vectors"
  static let foreign = "Tests/InterchangeTests/Resources"
}
