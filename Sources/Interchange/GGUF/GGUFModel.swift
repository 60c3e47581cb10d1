import FileIO

/// The GGUF files of one model: one file, or the parts that llama.cpp's `gguf-split` made of it.
///
/// A part says `split.no` and `split.count`, and parts are named `NAME-00001-of-00004.gguf`. The first holds the model's
/// metadata; tensors lie in any of them.
public struct GGUFModel: Sendable {
  /// The files in order; never empty.
  public let parts: [GGUFFile]

  /// The file that holds the metadata.
  public var first: GGUFFile { parts[0] }
  /// The first file's path.
  public var path: String { first.path }

  /// Opens the file at `path` and, if it is the first of several parts, the others.
  ///
  /// - Throws: as `GGUFFile.init(path:)` does, for every part; `GGUFError.invalidSplit` if `path` is a later part, is not
  ///   named as parts are, or the others do not belong to it; `GGUFError.duplicate` if two parts hold a tensor of one name.
  public init(path: String) throws {
    let first = try GGUFFile(path: path)
    var parts = [first]
    let count = first.integer("split.count") ?? 0
    if count > 1 {
      guard count <= Int(UInt16.max) else {
        throw GGUFError.invalidSplit(path: path, reason: "split.count cannot be \(count)")
      }
      let number = first.integer("split.no") ?? -1
      guard number == 0 else {
        throw GGUFError.invalidSplit(
          path: path, reason: "it is part \(number + 1) of \(count); name the first, which holds the metadata")
      }
      let ending = Self.ending(part: 0, of: count)
      guard path.hasSuffix(ending) else {
        throw GGUFError.invalidSplit(path: path, reason: "the first of \(count) parts must be named NAME\(ending)")
      }
      let name = path.dropLast(ending.count)
      var names = Set(first.tensors.map(\.name))
      for part in 1..<count {
        let file = try GGUFFile(path: name + Self.ending(part: part, of: count))
        guard file.integer("split.no") == part, file.integer("split.count").map({ $0 == count }) ?? true else {
          let found = file.integer("split.no").map { "part \($0 + 1)" } ?? "no part"
          throw GGUFError.invalidSplit(
            path: file.path, reason: "it says that it is \(found) where part \(part + 1) of \(count) is expected")
        }
        for tensor in file.tensors where !names.insert(tensor.name).inserted {
          throw GGUFError.duplicate(path: file.path, name: tensor.name)
        }
        parts.append(file)
      }
    }
    self.parts = parts
  }

  /// A model of one open file.
  public init(file: GGUFFile) { parts = [file] }

  /// The elements of a small F32 tensor, whatever part it lies in; throws as `GGUFFile.floats(ofTensor:limit:)` does.
  public func floats(ofTensor name: String, limit: Int = 1 << 16) throws -> [Float]? {
    try parts.first { $0.tensor(named: name) != nil }?.floats(ofTensor: name, limit: limit)
  }

  /// Whether any part holds a tensor of that name.
  public func hasTensor(named name: String) -> Bool { parts.contains { $0.tensor(named: name) != nil } }

  /// The paths of all parts that a first part's name speaks of; the path alone where it is not named as one. Nothing is
  /// opened.
  public static func paths(ofModelAt path: String) -> [String] {
    let words = path.suffix(ending(part: 0, of: 1).count).split(separator: "-", omittingEmptySubsequences: false)
    guard words.count == 4, let count = Int(words[3].prefix(5)), (2...Int(UInt16.max)).contains(count),
      path.hasSuffix(ending(part: 0, of: count))
    else { return [path] }
    let name = path.dropLast(ending(part: 0, of: count).count)
    return (0..<count).map { name + ending(part: $0, of: count) }
  }

  /// `-00001-of-00004.gguf` for part 0 of 4.
  private static func ending(part: Int, of count: Int) -> String {
    func digits(_ number: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
    return "-\(digits(part + 1))-of-\(digits(count)).gguf"
  }
}
