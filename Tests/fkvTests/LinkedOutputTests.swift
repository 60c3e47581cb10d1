import CacheCodec
import Foundation
import TestSupport
import Testing

/// Outputs that are symbolic links: what they lead to is written.
@Suite struct LinkedOutputTests {
  private let files = CommandFiles()

  private func link(_ name: String, to destination: String) throws -> String {
    try FileManager.default.createSymbolicLink(atPath: files.path(name), withDestinationPath: destination)
    return files.path(name)
  }

  private func isLink(_ name: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: files.path(name))) != nil
  }

  init() throws {
    for name in ["disk", "links"] {
      try FileManager.default.createDirectory(atPath: files.path(name), withIntermediateDirectories: false)
    }
  }

  @Test func everyCommandWritesThrough() throws {
    let (capture, cache) = (try files.capture(), try files.compressed("c.fkv", .lossless))
    for (number, command) in [
      ["compress", capture, "-o"], ["restore", cache, "-o"], ["convert", capture],
      ["report", cache, "--reference", capture, "-o"], ["synthetic", "--tokens", "8", "--layers", "1", "-o"],
      ["append", try shorter(), capture, "-o"], ["convert", capture, "--to", "lmcache"],
    ].enumerated() {
      let (name, plain) = ("links/\(number)", files.path("plain\(number)"))
      let path = try link(name, to: "../disk/\(number)")
      // The link dangles at first; then it leads to what was written, but folders are not written twice.
      for _ in command.last == "lmcache" ? 0..<1 : 0..<2 {
        let arguments = command.first == "convert" ? Array(command[..<2]) + [path] + command[2...] : command + [path]
        try CommandRun(arguments).expectSuccess()
        #expect(isLink(name))
        #expect(FileManager.default.fileExists(atPath: files.path("disk/\(number)")), "\(command)")
      }
      guard ["compress", "restore"].contains(command[0]) else { continue }
      try CommandRun(command + [plain]).expectSuccess()
      #expect(try files.bytes("disk/\(number)") == files.bytes("plain\(number)"))
    }
    #expect(!(try FileManager.default.contentsOfDirectory(atPath: files.path("links"))).contains { $0.hasPrefix(".") })
  }

  private func shorter() throws -> String {
    _ = try CacheEncoder(.lossless, writer: "test").encode(
      CommandFiles.cache.positions(0..<50), to: files.path("disk/s.fkv"))
    return files.path("disk/s.fkv")
  }

  /// In place, by way of a link: the real file grows.
  @Test(arguments: [[], ["--measure"]]) func appendGrowsTheRealFile(options: [String]) throws {
    _ = try shorter()
    let path = try link("links/s.fkv", to: "../disk/s.fkv")
    try CommandRun(["append", path, try files.capture()] + options).expectSuccess()
    #expect(isLink("links/s.fkv"))
    let report = try CommandRun(["inspect", files.path("disk/s.fkv"), "--json"]).json()
    #expect((report["geometry"] as? [String: Any])?["tokens"] as? Int == 60)
    #expect(try FileManager.default.contentsOfDirectory(atPath: files.path("disk")) == ["s.fkv"])
  }
}
