import CacheCodec
import FileIO
import Foundation

/// Where basis files lie that nobody names: the folder `bases` of fkv's cache folder, by the model's fingerprint.
public enum BasisLocation {
  /// The folder.
  public static var folder: String { ModelLocation.cacheFolder + "/bases" }

  /// The place of a model's current basis; nil if the fingerprint is not hexadecimal, as of a model that is not known.
  public static func path(fingerprint: String) -> String? {
    isPlain(fingerprint) ? "\(folder)/\(fingerprint).fkvbasis" : nil
  }

  /// The place of a basis that another has taken over from, for the files that were made with it.
  public static func path(fingerprint: String, hash: String) -> String? {
    isPlain(fingerprint) && isPlain(hash) ? "\(folder)/\(fingerprint)-\(hash).fkvbasis" : nil
  }

  /// Makes room for a new basis of a model: the one that lies there is kept under its hash. Makes the folder if needed.
  ///
  /// - Returns: where the new basis goes.
  /// - Throws: `BasisFailure.unknownModel` without a fingerprint, `FileError`. A file that is no basis
  ///   is not kept.
  static func makeRoom(fingerprint: String) throws -> String {
    guard let path = path(fingerprint: fingerprint) else { throw BasisFailure.unknownModel }
    try FolderReader.makeAll(folder, permissions: 0o700)
    if FileManager.default.fileExists(atPath: path), let hash = try? ModelBasisFile.hash(path),
      let other = self.path(fingerprint: fingerprint, hash: hash), !FileManager.default.fileExists(atPath: other)
    {
      try FileDuplicate.make(of: path, as: other)
    }
    return path
  }

  /// Names of files come from files: nothing but digits gets into a path.
  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 128
      && name.utf8.allSatisfy {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
          || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
      }
  }
}
