import FileIO
import Interchange

/// The files that a command reads, which its outputs are to leave alone (`InputFiles`), by roles that all commands share.
public struct CommandInputs: Sendable {
  /// What a file is to a command.
  public enum Role: String, Sendable {
    case cache, capture, reference, prompt, text, model, log
    case tokenIDs = "token ids"
    case continuation
    case keyFile = "key file"
    /// The one that was named; nil stands for those of the cache folder.
    case basis = "basis file"
    case benchResult = "bench result"
    /// Files, and folders whose `.jsonl` files are read.
    case data
  }

  private var files = InputFiles()

  /// - Parameter files: paths by role; nil for what was not given. A model stands for all of its parts. A text that may be
  ///   the name of a file is given as it is.
  public init(_ files: KeyValuePairs<Role, String?> = [:]) {
    for (role, path) in files { add(role, path) }
  }

  /// Adds several files of one role.
  public mutating func add(_ role: Role, _ paths: [String]) {
    for path in paths { add(role, path) }
  }

  private mutating func add(_ role: Role, _ path: String?) {
    switch (role, path) {
    case (.basis, nil): files.add("folder of basis files", BasisLocation.folder)
    case (.model, let path?): for part in GGUFModel.paths(ofModelAt: path) { files.add(role.rawValue, part) }
    case (.data, let path?):
      let names = (try? FolderReader.names(in: path)) ?? []
      for name in names where name.hasSuffix(".jsonl") { files.add(role.rawValue, "\(path)/\(name)") }
      if !FolderReader.isFolder(path) { files.add(role.rawValue, path) }
    case (.log, let path?): files.add(role.rawValue, path, isWritten: true)
    default: files.add(role.rawValue, path)
    }
  }

  /// Sees to it that writing an output leaves all of them alone. Call it before anything is read.
  ///
  /// - Parameters:
  ///   - output: nil for none.
  ///   - role: what messages call it.
  ///   - isFolder: whether a folder is written.
  /// - Throws: `OutputConflict`, which names both.
  public func protect(from output: String?, role: String = "output", isFolder: Bool = false) throws {
    if let output { try files.protect(from: output, role: role, isFolder: isFolder) }
  }
}
