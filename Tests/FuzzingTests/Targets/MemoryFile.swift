import FileIO
import Foundation
import TestSupport

/// A file in memory whose contents change with each input; it is made once, and goes away with the process.
final class MemoryFile: @unchecked Sendable {
  /// Holds all of them; in memory where the system has a place for that.
  private static let folder: URL = {
    let parent =
      FolderReader.isFolder("/dev/shm") ? URL(fileURLWithPath: "/dev/shm") : FileManager.default.temporaryDirectory
    let folder = parent.appendingPathComponent("fkv-fuzz-\(getpid())")
    try! FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: MemoryFile.folder) }
    return folder
  }()

  let path: String
  private let descriptor: Int32

  /// - Parameter name: may lie in folders, which are made.
  init(_ name: String) {
    let url = Self.folder.appendingPathComponent(name)
    try! FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    path = url.path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "cannot make \(path)")
  }

  /// Makes the bytes the file's contents.
  func fill(_ bytes: UnsafeRawBufferPointer) {
    precondition(ftruncate(descriptor, off_t(bytes.count)) == 0)
    guard let base = bytes.baseAddress else { return }
    precondition(pwrite(descriptor, base, bytes.count, 0) == bytes.count)
  }

  /// The path, with the bytes as the file's contents.
  func holding(_ bytes: UnsafeRawBufferPointer) -> String {
    fill(bytes)
    return path
  }
}
