import FileIO
import KVCacheModel

/// One chunk of LMCache's file-system connector: a header of 28 bytes and numbers of shape (2, L, T, H·D), keys first
/// (formats/lmcache.md).
struct LMCacheChunk: Sendable {
  /// Bytes of the header: seven 32-bit integers.
  static let headerBytes = 28

  let reader: FileReader
  let layers: Int
  let tokens: Int
  /// H·D.
  let features: Int
  let type: ElementType

  /// Opens a chunk and checks its header against the file.
  ///
  /// - Throws: `ForeignError`, `FileError`.
  init(path: String) throws {
    let reader = try FileReader(path: path)
    guard reader.byteCount >= Self.headerBytes else {
      throw ForeignError.truncated(
        path: path, what: "chunk header", offset: 0, wanted: Self.headerBytes, fileBytes: reader.byteCount)
    }
    let fields = try reader.read(at: 0, count: Self.headerBytes).littleEndian(as: Int32.self).map(Int.init)
    guard let format = Self.formats[fields[1]] else {
      throw ForeignError.invalid(
        path: path, what: "memory format (byte 4)", expected: "0…8", found: String(fields[1]))
    }
    guard format == "KV_2LTD" else {
      throw ForeignError.unsupported(path: path, what: "the memory format", found: format)
    }
    guard let type = Self.types[fields[2]] else {
      throw ForeignError.unsupported(path: path, what: "the dtype code (byte 8)", found: String(fields[2]))
    }
    let shape = Array(fields[3...])
    guard shape[0] == 2, 1...CaptureLimit.dimension ~= shape[1], shape[2] >= 1, shape[3] >= 1,
      let count = SafetensorsDataType(type).byteCount(shape: shape)
    else {
      throw ForeignError.shape(path: path, tensor: "chunk", expected: "[2, layers, tokens, heads · dims]", found: shape)
    }
    guard fields[0] == count else {
      throw ForeignError.invalid(
        path: path, what: "length (byte 0)", expected: "\(count) for shape \(shape)", found: String(fields[0]))
    }
    guard reader.byteCount == Self.headerBytes + count else {
      throw ForeignError.invalid(
        path: path, what: "file length", expected: "\(Self.headerBytes + count)", found: String(reader.byteCount))
    }
    self.reader = reader
    self.type = type
    (layers, tokens, features) = (shape[1], shape[2], shape[3])
  }

  /// Keys or values of one layer, (T, H·D).
  func rows(_ kind: CacheKind, layer: Int) throws -> [UInt8] {
    let count = tokens * features * type.byteCount
    let place = (kind == .key ? 0 : layers) + layer
    return try reader.read(at: Self.headerBytes + place * count, count: count)
  }

  /// The header of a chunk; nil where its length does not fit 31 bits.
  static func header(layers: Int, tokens: Int, features: Int, type: ElementType) -> [UInt8]? {
    let shape = [2, layers, tokens, features]
    guard let count = SafetensorsDataType(type).byteCount(shape: shape), let length = Int32(exactly: count) else {
      return nil
    }
    let fields = [length, 1, type == .float16 ? 2 : type == .bfloat16 ? 3 : 4] + shape.map { Int32($0) }
    return fields.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
  }

  /// LMCache's `MemoryFormat`.
  private static let formats = [
    0: "UNDEFINED", 1: "KV_2LTD", 2: "KV_T2D", 3: "KV_2TD", 4: "BINARY", 5: "BINARY_BUFFER", 6: "KV_MLA_FMT",
    7: "EC_TD", 8: "HS_TD",
  ]
  /// LMCache's codes of element types: 1 and 2 both are half.
  private static let types: [Int: ElementType] = [1: .float16, 2: .float16, 3: .bfloat16, 4: .float32]
}
