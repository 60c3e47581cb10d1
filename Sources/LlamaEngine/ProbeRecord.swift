import CLlama
import FileIO
import Foundation
import Interchange

/// The memory of one model's probe: a small file named by its fingerprint, which says with what it was made.
struct ProbeRecord {
  /// nil where nothing is remembered.
  private let folder: String?
  private let fingerprint: String
  private let contents: String
  private var path: String? { folder.map { "\($0)/\(fingerprint)" } }

  /// What is to be remembered of a model in a folder: the engine's version, and size and time of each part.
  init(_ model: GGUFModel, fingerprint: String, folder: String?) {
    (self.folder, self.fingerprint) = (folder, fingerprint)
    var lines = ["llama.cpp \(String(cString: llama_version()))"]
    for part in model.parts {
      let date = try? FileManager.default.attributesOfItem(atPath: part.path)[.modificationDate] as? Date
      lines.append("\(part.file.byteCount) bytes of \(date?.timeIntervalSince1970 ?? 0)")
    }
    contents = lines.joined(separator: "\n") + "\n"
  }

  /// Whether this model went well before with this engine.
  var isKept: Bool {
    guard let path, let file = try? FileReader(path: path), file.byteCount == contents.utf8.count else { return false }
    return (try? file.read(at: 0, count: file.byteCount)) == Array(contents.utf8)
  }

  /// Remembers it; a folder that cannot be written only means that the next run probes again.
  func keep() {
    guard let path, let folder else { return }
    try? FolderReader.makeAll(folder, permissions: 0o700)
    guard let file = try? AtomicFile(path: path) else { return }
    do {
      try file.append(Array(contents.utf8))
      try file.commit()
    } catch {
      file.discard()
    }
  }
}
