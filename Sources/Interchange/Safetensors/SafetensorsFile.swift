import FileIO

/// A safetensors file that somebody else may have written: its header is read and checked whole, its tensors on demand.
///
/// The rules are those of the official library (huggingface/safetensors, `SafeTensors::read_metadata` and
/// `Metadata::validate`), and stricter in four things: a name may occur once only (names that are canonically
/// equivalent in Unicode count as equal), a tensor's description has no other fields than the three it needs, shapes
/// have at most `rankLimit` dimensions, and sub-byte types are unknown.
public struct SafetensorsFile: Sendable {
  /// One tensor of the file.
  public struct Tensor: Hashable, Sendable {
    /// How each element is stored.
    public let dataType: SafetensorsDataType
    /// Dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// Where in the file its elements lie, row-major and little-endian.
    public let fileRange: Range<Int>

    /// Bytes of all elements.
    public var byteCount: Int { fileRange.count }
  }

  /// The longest header that the format allows, in bytes.
  public static let headerLimit = 100_000_000
  /// The most dimensions that a shape may have here.
  public static let rankLimit = 64

  /// The path that the file was opened under; what its bytes are called where they are no file.
  public var path: String { reader.name }
  /// The texts under `__metadata__`; empty where there are none.
  public let metadata: [String: String]
  /// All tensors by name.
  public let tensors: [String: Tensor]
  /// All names in the order of their data; tensors without elements stand where their offsets put them.
  public let names: [String]
  private let reader: any ByteSource

  /// Opens a file, reads its header and checks all of it against the file's length.
  ///
  /// Needs memory in proportion to the header only.
  ///
  /// - Throws: `SafetensorsError` for whatever the format forbids, `FileError` if the file cannot be read.
  public init(path: String) throws { try self.init(FileReader(path: path)) }

  /// Reads the header of a file whose bytes may lie anywhere; throws as the other initializer.
  public init(_ reader: any ByteSource) throws {
    let path = reader.name
    guard reader.byteCount >= 8 else {
      throw SafetensorsError.tooShort(path: path, fileBytes: reader.byteCount)
    }
    let declared = try reader.read(at: 0, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let limit = min(Self.headerLimit, reader.byteCount - 8)
    guard declared <= UInt64(limit) else {
      throw SafetensorsError.headerLength(path: path, declared: declared, limit: limit)
    }
    let header = try SafetensorsHeader(reader.read(at: 8, count: Int(declared)), path: path)
    let entries = try header.entriesInOrder(dataBytes: reader.byteCount - 8 - Int(declared))
    let base = 8 + Int(declared)
    self.reader = reader
    metadata = header.metadata
    names = entries.map(\.name)
    tensors = Dictionary(
      uniqueKeysWithValues: entries.map {
        let range = base + $0.begin..<base + $0.end
        return ($0.name, Tensor(dataType: $0.dataType, shape: $0.shape, fileRange: range))
      })
  }

  /// All bytes of a tensor.
  ///
  /// - Throws: `SafetensorsError.noSuchTensor`, or `FileError` if the file cannot be read.
  public func read(_ name: String) throws -> [UInt8] {
    let range = try tensor(name).fileRange
    return try reader.read(at: range.lowerBound, count: range.count)
  }

  /// The bytes `byteRange` of a tensor, counted from its first.
  ///
  /// The range must lie within the tensor.
  ///
  /// - Throws: `SafetensorsError.noSuchTensor`, or `FileError` if the file cannot be read.
  public func read(_ name: String, byteRange: Range<Int>) throws -> [UInt8] {
    let range = try tensor(name).fileRange
    precondition(byteRange.lowerBound >= 0 && byteRange.upperBound <= range.count, "beyond the tensor")
    return try reader.read(at: range.lowerBound + byteRange.lowerBound, count: byteRange.count)
  }

  /// The tensor of that name.
  ///
  /// - Throws: `SafetensorsError.noSuchTensor`.
  public func tensor(_ name: String) throws -> Tensor {
    guard let tensor = tensors[name] else { throw SafetensorsError.noSuchTensor(path: path, tensor: name) }
    return tensor
  }
}
