import FileIO
import Foundation
import TestSupport
import Testing

/// Targets that cannot be written, and disks that fill up. What changes the whole process runs in a child of its own.
@Suite struct AtomicFileTargetTests {
  private let folder = ScratchFolder()

  @Test func folderMissing() {
    let path = folder.file("missing") + "/a"
    #expect(throws: FileError.system(operation: "write", path: path, code: ENOENT)) { try AtomicFile(path: path) }
  }

  @Test func folderIsAFile() throws {
    try Data([1]).write(to: folder.url.appendingPathComponent("file"))
    let path = folder.file("file") + "/a"
    #expect(throws: FileError.system(operation: "write", path: path, code: ENOTDIR)) { try AtomicFile(path: path) }
  }

  @Test func targetIsAFolder() {
    #expect(throws: FileError.system(operation: "write", path: folder.path, code: EISDIR)) {
      try AtomicFile(path: folder.path)
    }
    let path = folder.file("new") + "/"
    #expect(throws: FileError.system(operation: "write", path: path, code: EISDIR)) { try AtomicFile(path: path) }
    #expect(folder.names == [])
  }

  @Test func targetHasNoName() {
    #expect(throws: FileError.system(operation: "write", path: "", code: ENOENT)) { try AtomicFile(path: "") }
  }

  @Test func targetIsADeviceOrPipe() {
    #expect(throws: FileError.notRegular(path: "/dev/null")) { try AtomicFile(path: "/dev/null") }
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: FileError.notRegular(path: pipe)) { try AtomicFile(path: pipe) }
    #expect(folder.names == ["pipe"])
  }

  @Test func folderIsReadOnly() async {
    await #expect(processExitsWith: .success) {
      let folder = ScratchFolder()
      let path = folder.file("a")
      precondition(chmod(folder.path, 0o555) == 0)
      // Root may write everywhere, so the child goes on as a user without rights.
      if geteuid() == 0 { precondition(seteuid(65534) == 0) }
      var found: FileError?
      do { _ = try AtomicFile(path: path) } catch { found = error as? FileError }
      if getuid() == 0 { precondition(seteuid(0) == 0) }
      precondition(chmod(folder.path, 0o755) == 0)
      precondition(found == .system(operation: "write", path: path, code: EACCES))
      precondition(folder.names == [])
    }
  }

  /// The size limit of a process stands in for a full disk everywhere: the write that passes it fails after a part.
  @Test func writingStopsHalfway() async {
    await #expect(processExitsWith: .success) {
      let folder = ScratchFolder()
      let path = folder.file("a")
      try Data([1, 2]).write(to: folder.url.appendingPathComponent("a"))
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 5000, rlim_max: 5000)
      #if canImport(Glibc)
        precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      #else
        precondition(setrlimit(RLIMIT_FSIZE, &limit) == 0)
      #endif
      do {
        let file = try AtomicFile(path: path)
        try file.append([UInt8](repeating: 7, count: 4000))
        do {
          try file.append([UInt8](repeating: 7, count: 4000))
          fatalError("wrote past the limit")
        } catch let error as FileError {
          precondition(error == .system(operation: "write", path: path, code: EFBIG))
        }
        precondition(file.byteCount == 4000)
      }
      precondition(folder.names == ["a"])
      precondition(FileManager.default.contents(atPath: path) == Data([1, 2]))
    }
  }

  @Test(.enabled(if: SmallDisk.isPossible, "needs root, to mount a file system of 64 KiB"))
  func diskIsFull() async {
    await #expect(processExitsWith: .success) {
      let folder = ScratchFolder()
      let disk = try SmallDisk(at: folder.path)
      defer { disk.unmount() }
      let path = folder.file("a")
      do {
        let file = try AtomicFile(path: path)
        do {
          try file.append([UInt8](repeating: 7, count: 1 << 20))
          fatalError("wrote more than the disk holds")
        } catch let error as FileError {
          precondition(error == .system(operation: "write", path: path, code: ENOSPC))
        }
        precondition(folder.names.count == 1)
      }
      precondition(folder.names == [])
    }
  }

  @Test func misuseTraps() async {
    // The misused call may neither return nor throw: either would end the child in peace.
    await #expect(processExitsWith: .failure) { [path = folder.file("a") as String] in
      let file = try AtomicFile(path: path)
      try file.commit()
      try? file.append([UInt8]([1]))
    }
    #expect(folder.names == ["a"])
    await #expect(processExitsWith: .failure) { [path = folder.file("b") as String] in
      let file = try AtomicFile(path: path)
      try file.append([UInt8]([1]))
      try? file.overwrite([UInt8]([1, 2]), at: 0)
    }
  }
}

/// A file system of 64 KiB in memory, mounted over a folder.
private struct SmallDisk {
  private let path: String

  /// Whether this process may mount one.
  static var isPossible: Bool {
    #if os(Linux)
      guard geteuid() == 0 else { return false }
      let folder = ScratchFolder()
      guard let disk = try? SmallDisk(at: folder.path) else { return false }
      disk.unmount()
      return true
    #else
      return false
    #endif
  }

  init(at path: String) throws {
    self.path = path
    try Self.call("/bin/mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path])
  }

  func unmount() { try? Self.call("/bin/umount", [path]) }

  private static func call(_ tool: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: tool)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.featureUnsupported) }
  }
}
