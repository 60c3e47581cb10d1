import Foundation

/// A new empty folder that goes away with the value's last use.
public final class ScratchFolder: Sendable {
  public let url: URL
  public var path: String { url.path }

  public init() {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("fkv-test-\(UUID().uuidString)")
    try! FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The path of a file of that name in this folder.
  public func file(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// The names of everything in the folder, hidden files too, sorted.
  public var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}
