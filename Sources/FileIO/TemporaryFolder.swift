/// A folder for files on their way: it and they go away with its life, at the latest with the next run that writes there.
///
/// Named and locked as `AtomicFile`'s temporaries are, mode 0700.
public final class TemporaryFolder: Sendable {
  /// Where it lies.
  public var path: String { entry.path }
  private let entry: TemporaryEntry

  /// Makes an empty folder in `parent`.
  ///
  /// - Throws: `FileError.system` if `parent` is missing, not writable or full.
  public init(in parent: String, name: String) throws {
    entry = try TemporaryEntry(.folder, in: parent, name: name, target: parent)
  }

  /// The path of a file in the folder.
  ///
  /// - Parameter name: has no `/`.
  public func file(_ name: String) -> String {
    precondition(!name.contains("/"), "not a file's name")
    return "\(path)/\(name)"
  }

  /// Removes the folder and its files; who has one open keeps it. Nothing happens at a second call.
  public func remove() { entry.remove() }
}

/// What is left of unfinished files when a process ends early.
public enum UnfinishedFiles {
  /// Removes the temporaries of this process and ends it by `end`. Threads that begin another file meanwhile wait.
  public static func remove(then end: () -> Never) -> Never { TemporaryEntry.removeLiving(then: end) }
}
