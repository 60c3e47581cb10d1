import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct AppendFileTests {
  private let scratch = ScratchFolder()
  private var path: String { scratch.file("log") }

  private func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  @Test func appendsGoBehindWhatIsThere() throws {
    do {
      let file = try AppendFile(path: path)
      #expect(file.byteCount == 0)
      try file.append([1, 2, 3] as [UInt8])
      try file.append([] as [UInt8])
      #expect(try bytes() == [1, 2, 3] && file.byteCount == 3)
    }
    let file = try AppendFile(path: path)
    #expect(file.byteCount == 3)
    try file.append([4] as [UInt8])
    try file.truncate(to: 2)
    try file.append([5, 6] as [UInt8])
    #expect(try bytes() == [1, 2, 5, 6] && file.byteCount == 4)
  }

  @Test func oneWriterAtATime() throws {
    let file = try AppendFile(path: path)
    #expect(throws: FileError.inUse(path: path)) { try AppendFile(path: path) }
    try file.append([1] as [UInt8])
  }

  #if os(Linux)
    /// A child that is being started has copies of all descriptors, and with them the lock, for a moment.
    @Test func copiesOfTheDescriptorDoNotKeepTheLock() throws {
      let path = scratch.file("a")
      var file: AppendFile? = try AppendFile(path: path)
      let own = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init).first {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
      }
      let copy = dup(try #require(own))
      defer { close(copy) }
      #expect(throws: FileError.inUse(path: path)) { try AppendFile(path: path) }
      withExtendedLifetime(file) {}
      file = nil
      #expect(throws: Never.self) { try AppendFile(path: path) }
    }
  #endif

  @Test func whatCannotBeWritten() throws {
    #expect(throws: FileError.notRegular(path: "/dev/full")) { try AppendFile(path: "/dev/full") }
    #expect(throws: FileError.system(operation: "write", path: scratch.path, code: EISDIR)) {
      try AppendFile(path: scratch.path)
    }
    let missing = scratch.file("missing/log")
    #expect(throws: FileError.system(operation: "write", path: missing, code: ENOENT)) {
      try AppendFile(path: missing)
    }
    #expect(scratch.names.isEmpty)
  }

  /// No file may grow beyond 100 bytes: what does not fit leaves nothing behind, and what does still goes in.
  @Test func aFullDisk() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 100, rlim_max: 100)
      precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let scratch = ScratchFolder()
      let file = try AppendFile(path: scratch.file("log"))
      try file.append([UInt8](repeating: 1, count: 60))
      do {
        try file.append([UInt8](repeating: 2, count: 60))
        fatalError("wrote more than the limit")
      } catch let error as FileError {
        precondition(error == .system(operation: "write", path: file.path, code: EFBIG))
      }
      precondition(file.byteCount == 60)
      try file.append([UInt8](repeating: 3, count: 40))
      let found = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file.path)))
      precondition(found == Array(repeating: 1, count: 60) + Array(repeating: 3, count: 40))
    }
  }
}
