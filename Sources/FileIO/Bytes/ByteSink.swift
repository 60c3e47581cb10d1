/// Bytes on their way to a place where they appear whole or not at all: a file, memory, or a caller's own store.
///
/// A writer appends, replaces what it appended before (the first bytes of an `.fkv` are known last), and commits once. It
/// is used from one thread at a time.
public protocol ByteSink: AnyObject {
  /// What errors call it: the path of a file, `memory` for an array.
  var name: String { get }
  /// Bytes appended so far; the offset of the next `append`.
  var byteCount: Int { get }

  /// Adds bytes at the end.
  func append(_ bytes: some ContiguousBytesSequence) throws
  /// Replaces bytes that were appended before.
  func overwrite(_ bytes: some ContiguousBytesSequence, at offset: Int) throws
  /// Makes the bytes appear; called once, after the last of them.
  func commit() throws
  /// Gives the bytes up; nothing happens after `commit()` or a second call.
  func discard()
}

extension AtomicFile: ByteSink {
  /// The target's path.
  public var name: String { path }
}

/// Where an encoder's bytes go. It may open several sinks, one after the other, and commits one of them at most: a rate
/// is met by writing more than once.
public protocol ByteDestination {
  /// What errors call it: the path of a file, `memory` for an array.
  var name: String { get }
  /// A new, empty sink.
  ///
  /// - Throws: whatever keeps the place from being written to.
  func open() throws -> any ByteSink
}

/// A file: each sink is a temporary next to it, renamed by `commit`.
public struct FileDestination: ByteDestination, Sendable {
  /// The file's path.
  public let path: String

  /// The file's path.
  public var name: String { path }

  /// The file of that path, which need not exist.
  public init(path: String) { self.path = path }

  /// Opens a temporary next to the file.
  ///
  /// - Throws: `FileError` if the folder is missing or not writable, or the path is no place for a file.
  public func open() throws -> any ByteSink { try AtomicFile(path: path) }
}
