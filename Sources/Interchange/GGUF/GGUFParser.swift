import FileIO

/// Walks a GGUF directory once, from the magic to the last tensor entry.
struct GGUFParser {
  private(set) var version: UInt32 = 0
  private(set) var metadata: [String: GGUFValue] = [:]
  /// Where each metadata value lies, its type code included.
  private(set) var metadataRanges: [String: Range<Int>] = [:]
  private(set) var tensors: [GGUFTensor] = []
  private(set) var dataOffset = 0

  private let path: String
  private let fileBytes: Int
  private var cursor: FileCursor

  /// The least bytes that an entry takes: an empty key, a type and one byte; an empty name, no dimension, type, offset.
  private static let leastMetadataBytes: UInt64 = 8 + 4 + 1
  private static let leastTensorBytes: UInt64 = 8 + 4 + 4 + 8
  private static let mostDimensions: UInt32 = 4
  /// The most bytes of a key or tensor name (the specification's limit for keys), and of a string value.
  private static let mostNameBytes: UInt64 = 65535
  private static let mostStringBytes: UInt64 = 1 << 24

  init(file: FileReader) {
    let path = file.path
    let fileBytes = file.byteCount
    self.path = path
    self.fileBytes = fileBytes
    cursor = FileCursor(file: file) { what, offset, wanted in
      GGUFError.truncated(path: path, what: what, offset: offset, wanted: wanted, fileBytes: fileBytes)
    }
  }

  mutating func parse() throws {
    guard fileBytes >= 4, try cursor.bytes(4, "magic") == Array("GGUF".utf8) else {
      throw GGUFError.notGGUF(path: path)
    }
    version = try cursor.integer("version")
    guard version == 2 || version == 3 else { throw GGUFError.unsupportedVersion(path: path, found: version) }
    let tensorCount: UInt64 = try cursor.integer("tensor count")
    let metadataCount: UInt64 = try cursor.integer("metadata count")
    _ = try cursor.check(metadataCount, unit: Self.leastMetadataBytes, "metadata")
    _ = try cursor.check(tensorCount, unit: Self.leastTensorBytes, "tensor directory")
    for _ in 0..<metadataCount { try parseMetadata() }
    let alignment = try parseAlignment()
    var entries: [GGUFTensor] = []
    var names = Set<String>()
    for _ in 0..<tensorCount {
      let tensor = try parseTensor()
      guard names.insert(tensor.name).inserted else { throw GGUFError.duplicate(path: path, name: tensor.name) }
      entries.append(tensor)
    }
    dataOffset = (cursor.offset + alignment - 1) / alignment * alignment
    tensors = try entries.map { try placed($0, alignment: alignment) }
  }

  private mutating func parseMetadata() throws {
    let key = try string("metadata key")
    let start = cursor.offset
    let type = try valueType(key)
    guard metadata.updateValue(try value(type, key), forKey: key) == nil else {
      throw GGUFError.duplicate(path: path, name: key)
    }
    metadataRanges[key] = start..<cursor.offset
  }

  private mutating func valueType(_ key: String) throws -> GGUFValueType {
    let code: UInt32 = try cursor.integer("type of '\(key)'")
    guard let type = GGUFValueType(rawValue: code) else {
      throw GGUFError.invalidValueType(path: path, key: key, found: code)
    }
    return type
  }

  private mutating func value(_ type: GGUFValueType, _ key: String) throws -> GGUFValue {
    let what = "value of '\(key)'"
    switch type {
    case .uint8: return .unsigned(UInt64(try cursor.integer(what, as: UInt8.self)))
    case .uint16: return .unsigned(UInt64(try cursor.integer(what, as: UInt16.self)))
    case .uint32: return .unsigned(UInt64(try cursor.integer(what, as: UInt32.self)))
    case .uint64: return .unsigned(try cursor.integer(what, as: UInt64.self))
    case .int8: return .signed(Int64(try cursor.integer(what, as: Int8.self)))
    case .int16: return .signed(Int64(try cursor.integer(what, as: Int16.self)))
    case .int32: return .signed(Int64(try cursor.integer(what, as: Int32.self)))
    case .int64: return .signed(try cursor.integer(what, as: Int64.self))
    case .float32: return .float(Double(Float(bitPattern: try cursor.integer(what))))
    case .float64: return .float(Double(bitPattern: try cursor.integer(what)))
    case .bool: return .bool(try cursor.integer(what, as: UInt8.self) != 0)
    case .string: return .string(try string(what, limit: Self.mostStringBytes))
    case .array: return .array(try array(key))
    }
  }

  /// Arrays are passed over; arrays of arrays are refused, as ggml does.
  private mutating func array(_ key: String) throws -> GGUFArray {
    let elementType = try valueType(key)
    let count: UInt64 = try cursor.integer("length of '\(key)'")
    let start = cursor.offset
    let what = "array '\(key)'"
    switch elementType {
    case .array: throw GGUFError.invalidValueType(path: path, key: key, found: elementType.rawValue)
    case .string:
      _ = try cursor.check(count, unit: 8, what)
      for _ in 0..<count { try cursor.skip(try cursor.integer(what, as: UInt64.self), what) }
    default:
      try cursor.skip(UInt64(try cursor.check(count, unit: UInt64(elementType.byteCount!), what)), what)
    }
    return GGUFArray(elementType: elementType, count: Int(count), offset: start)
  }

  private mutating func string(_ what: String, limit: UInt64 = mostNameBytes) throws -> String {
    let offset = cursor.offset
    let length: UInt64 = try cursor.integer(what)
    _ = try cursor.check(length, what)
    guard length <= limit else {
      throw GGUFError.tooLong(path: path, what: what, offset: offset, found: length, limit: limit)
    }
    return String(decoding: try cursor.bytes(length, what), as: UTF8.self)
  }

  private func parseAlignment() throws -> Int {
    guard let value = metadata["general.alignment"] else { return 32 }
    guard case .unsigned(let alignment) = value, alignment > 0, alignment <= 1 << 20, alignment.nonzeroBitCount == 1
    else {
      var found: UInt64 = 0
      if case .unsigned(let number) = value { found = number }
      throw GGUFError.invalidAlignment(path: path, found: found)
    }
    return Int(alignment)
  }

  /// One directory entry; its offset is still counted from the start of the data.
  private mutating func parseTensor() throws -> GGUFTensor {
    let name = try string("tensor name")
    let dimensionCount: UInt32 = try cursor.integer("dimensions of '\(name)'")
    guard dimensionCount <= Self.mostDimensions else {
      throw GGUFError.invalidTensor(path: path, name: name, reason: "\(dimensionCount) dimensions")
    }
    var dimensions: [Int] = []
    var product = 1
    for _ in 0..<dimensionCount {
      let size: UInt64 = try cursor.integer("dimensions of '\(name)'")
      guard let size = Int(exactly: size),
        case (let next, let overflow) = product.multipliedReportingOverflow(by: size),
        !overflow
      else { throw GGUFError.invalidTensor(path: path, name: name, reason: "dimension \(size) is too large") }
      product = next
      dimensions.append(size)
    }
    let typeCode: UInt32 = try cursor.integer("type of '\(name)'")
    let offset: UInt64 = try cursor.integer("offset of '\(name)'")
    guard let offset = Int(exactly: offset) else {
      throw GGUFError.invalidTensor(path: path, name: name, reason: "offset \(offset) is too large")
    }
    return GGUFTensor(name: name, dimensions: dimensions, typeCode: typeCode, offset: offset, byteCount: nil)
  }

  /// The entry with its place in the file, which must hold all of its data.
  private func placed(_ tensor: GGUFTensor, alignment: Int) throws -> GGUFTensor {
    var tensor = tensor
    guard tensor.offset % alignment == 0 else {
      throw GGUFError.invalidTensor(
        path: path, name: tensor.name, reason: "offset \(tensor.offset) is not a multiple of \(alignment)")
    }
    var byteCount = 0
    if let block = GGUFTensor.blockSizes[tensor.typeCode] {
      guard (tensor.dimensions.first ?? 1) % block.elements == 0 else {
        throw GGUFError.invalidTensor(path: path, name: tensor.name, reason: "rows do not fill blocks")
      }
      let (bytes, overflow) = (tensor.elementCount / block.elements).multipliedReportingOverflow(by: block.bytes)
      guard !overflow else { throw GGUFError.invalidTensor(path: path, name: tensor.name, reason: "too large") }
      byteCount = bytes
      tensor.byteCount = bytes
    }
    let (start, overflow) = dataOffset.addingReportingOverflow(tensor.offset)
    guard !overflow, start <= fileBytes, byteCount <= fileBytes - start else {
      throw GGUFError.truncated(
        path: path, what: "data of '\(tensor.name)'", offset: overflow ? dataOffset : start,
        wanted: UInt64(byteCount), fileBytes: fileBytes)
    }
    tensor.offset = start
    return tensor
  }
}
