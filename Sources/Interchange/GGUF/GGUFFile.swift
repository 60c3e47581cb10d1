import FileIO

/// The metadata and tensor directory of a GGUF file (ggml/docs/gguf.md), versions 2 and 3, little-endian.
///
/// Nothing of the tensors' data is read when a file is opened. Whatever the file says is checked against its size
/// before anything is allocated, so memory stays within a small multiple of the directory's bytes.
public struct GGUFFile: Sendable {
  public let file: FileReader
  /// 2 or 3.
  public let version: UInt32
  /// Every metadata value by its key.
  public let metadata: [String: GGUFValue]
  /// Where each metadata value lies in the file, from its type code to its last byte.
  let metadataRanges: [String: Range<Int>]
  /// The tensor directory in file order.
  public let tensors: [GGUFTensor]
  /// Where tensor data begins: the end of the directory, aligned.
  public let dataOffset: Int

  /// The file's path.
  public var path: String { file.path }

  /// Opens and reads the directory of the file at `path`.
  ///
  /// - Throws: `FileError` if the file cannot be read, `GGUFError` if it is not GGUF, is truncated (in the directory,
  ///   or before the end of a tensor's data) or contradicts itself.
  public init(path: String) throws {
    try self.init(file: FileReader(path: path))
  }

  /// Reads the directory of an open file; throws as `init(path:)` does.
  public init(file: FileReader) throws {
    var parser = GGUFParser(file: file)
    try parser.parse()
    self.file = file
    version = parser.version
    metadata = parser.metadata
    metadataRanges = parser.metadataRanges
    tensors = parser.tensors
    dataOffset = parser.dataOffset
  }

  /// The integer with that key; nil if it is missing, not an integer or not representable.
  public func integer(_ key: String) -> Int? {
    switch metadata[key] {
    case .unsigned(let value): Int(exactly: value)
    case .signed(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The number with that key, whatever its type; nil if it is missing or not a number.
  public func number(_ key: String) -> Double? {
    switch metadata[key] {
    case .unsigned(let value): Double(value)
    case .signed(let value): Double(value)
    case .float(let value): value
    default: nil
    }
  }

  /// The string with that key; nil if it is missing or not a string.
  public func string(_ key: String) -> String? {
    if case .string(let value) = metadata[key] { value } else { nil }
  }

  /// The truth value with that key; nil if it is missing or of another type.
  public func bool(_ key: String) -> Bool? {
    if case .bool(let value) = metadata[key] { value } else { nil }
  }

  /// The tensor of that name; nil if the file has none.
  public func tensor(named name: String) -> GGUFTensor? { tensors.first { $0.name == name } }

  /// The elements of a small F32 tensor, such as `rope_freqs.weight`; nil if the file has none of that name.
  ///
  /// - Throws: `GGUFError.invalidTensor` if it is not F32 or has more than `limit` elements; `FileError` if reading
  ///   failed.
  public func floats(ofTensor name: String, limit: Int = 1 << 16) throws -> [Float]? {
    guard let tensor = tensor(named: name) else { return nil }
    guard tensor.typeCode == 0, tensor.elementCount <= limit else {
      throw GGUFError.invalidTensor(
        path: path, name: name, reason: "expected F32 with at most \(limit) elements, found type \(tensor.typeCode)")
    }
    let bytes = try file.read(at: tensor.offset, count: tensor.elementCount * 4)
    return bytes.withUnsafeBytes { raw in
      (0..<tensor.elementCount).map {
        Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
      }
    }
  }
}
