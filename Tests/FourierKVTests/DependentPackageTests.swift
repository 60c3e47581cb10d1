import Foundation
import FourierKV
import TestSupport
import Testing

/// The README's example, built and run in a package outside of this one that depends on a tag of a clone.
@Suite struct DependentPackageTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private let scratch = ScratchFolder()

  private static var isClone: Bool {
    FileManager.default.fileExists(atPath: root.appendingPathComponent(".git").path)
  }

  @Test(.enabled(if: isClone, "only a git checkout has a commit to depend on"))
  func theReadmesExampleRuns() throws {
    let clone = scratch.file("fkv")
    try run(["git", "clone", "-q", Self.root.path, clone])
    try run(["git", "-C", clone, "tag", "1.0.0"])
    let readme = try String(contentsOfFile: clone + "/README.md", encoding: .utf8)
    let code = try #require(
      readme.components(separatedBy: "```swift\n").dropFirst().first?.components(separatedBy: "```")[0])
    #expect(code.hasPrefix("import FourierKV\n"))
    try write(code, to: "example/Sources/example/main.swift")
    try write(
      """
      // swift-tools-version: 6.2
      import PackageDescription

      let package = Package(
        name: "example",
        dependencies: [.package(url: "file://\(clone)", exact: "1.0.0")],
        targets: [.executableTarget(name: "example", dependencies: [.product(name: "FourierKV", package: "fkv")])])
      """, to: "example/Package.swift")
    try SyntheticCache.make(layers: 8, tokens: 400, probe: 16).writeCapture(to: scratch.file("prompt.safetensors"))

    try run(["swift", "build", "-j", "2", "--package-path", scratch.file("example")])
    let program = scratch.file("example/.build/debug/example")
    let output = try run([program])
    #expect(output.contains("layer 7: 2 KV heads, 256 tokens of 16 numbers\n"))
    #expect(output.contains("× smaller, attention-output error 0."))
    // Neither the engine nor anything of the command line came along.
    #expect(try !run(["ldd", program]).contains("llama"))
  }

  private func write(_ text: String, to name: String) throws {
    let url = URL(fileURLWithPath: scratch.file(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: url, atomically: true, encoding: .utf8)
  }

  /// A command's output; a failure is the test's, with all that it wrote.
  @discardableResult
  private func run(_ command: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
    let log = scratch.file("log")
    FileManager.default.createFile(atPath: log, contents: nil)
    let handle = try #require(FileHandle(forWritingAtPath: log))
    (process.standardOutput, process.standardError, process.standardInput) = (handle, handle, FileHandle.nullDevice)
    try process.run()
    process.waitUntilExit()
    let output = try String(contentsOfFile: log, encoding: .utf8)
    try #require(process.terminationStatus == 0, "\(command.joined(separator: " ")): \(output.suffix(2000))")
    return output
  }
}
