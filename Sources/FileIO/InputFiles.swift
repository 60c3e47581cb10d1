/// The files that a command reads, by what each is to it, so that no output takes the place of one of them.
///
/// Files are told apart by device and inode: symbolic links, hard links and other spellings of a path are seen through.
public struct InputFiles: Sendable {
  private var files: [(role: String, path: String, isWritten: Bool)] = []

  public init() {}

  /// Adds a file or folder, or nothing for nil. What does not exist counts for nothing; so does a text that is no path.
  /// `-` is standard input, which a file may stand for.
  ///
  /// - Parameter isWritten: whether the command writes it too, so that it will be there for a later output to replace.
  public mutating func add(_ role: String, _ path: String?, isWritten: Bool = false) {
    if let path { files.append((role, path, isWritten)) }
  }

  /// Sees to it that writing `output` leaves every file alone. Call it before anything is read.
  ///
  /// - Parameters:
  ///   - role: what the output is to the command.
  ///   - isFolder: whether a folder is written, which may not hold a file that is read either.
  /// - Throws: `OutputConflict` about the first file that would be lost.
  public func protect(from output: String, role: String = "output", isFolder: Bool = false) throws(OutputConflict) {
    func conflict(_ kind: OutputConflict.Kind, _ file: (role: String, path: String, isWritten: Bool)) -> OutputConflict
    {
      OutputConflict(kind: kind, role: role, output: output, inputRole: file.role, input: file.path)
    }
    guard let target = FileIdentity(path: output) else {
      // What does not exist takes the place of nothing, unless another output will be there.
      let place = FileIdentity.place(output)
      for file in files where file.isWritten && place != nil && FileIdentity.place(file.path) == place {
        throw conflict(.same, file)
      }
      return
    }
    let foldersAbove = FileIdentity.foldersAbove(output)
    for file in files {
      let identity =
        InputBytes.isStandardInput(file.path)
        ? FileIdentity(descriptor: StandardStream.input.rawValue) : FileIdentity(path: file.path)
      guard let identity else { continue }
      if identity == target { throw conflict(.same, file) }
      if foldersAbove.contains(identity) { throw conflict(.within, file) }
      if isFolder, FileIdentity.foldersAbove(file.path).contains(target) { throw conflict(.holds, file) }
    }
  }
}

/// An output that would take the place of a file that its command reads.
public struct OutputConflict: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// Both are one file.
    case same
    /// The output is a file of the folder that is read.
    case within
    /// The output is a folder that holds the file that is read.
    case holds
  }

  public var kind: Kind
  /// What the output is to the command.
  public var role: String
  public var output: String
  /// What the file that is read is to the command.
  public var inputRole: String
  public var input: String

  package init(kind: Kind, role: String, output: String, inputRole: String, input: String) {
    (self.kind, self.role, self.output, self.inputRole, self.input) = (kind, role, output, inputRole, input)
  }

  public var description: String {
    switch kind {
    case .same: "\(output): the \(role) would replace the \(inputRole) \(input), which is the same file"
    case .within: "\(output): the \(role) would replace a file of the \(inputRole) \(input)"
    case .holds: "\(output): the \(role) is a folder that holds the \(inputRole) \(input)"
    }
  }
}
