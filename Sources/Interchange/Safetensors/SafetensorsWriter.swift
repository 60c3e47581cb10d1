import FileIO

/// Writes a safetensors file whole or not at all, one piece of a tensor at a time.
///
/// Names, types and shapes are declared first; data follow in that order. Headers are laid out as the official library
/// does it (no white space inside, spaces after it up to a multiple of 8 bytes), metadata sorted by key, so that equal
/// content gives equal bytes. Data are appended as they are; they must be little-endian.
public final class SafetensorsWriter {
  /// One tensor to come.
  public struct Declaration: Hashable, Sendable {
    /// The name; must differ from all others and from `__metadata__`.
    public var name: String
    /// How each element is stored.
    public var dataType: SafetensorsDataType
    /// Dimensions, outermost first; empty for a scalar.
    public var shape: [Int]

    /// A tensor of that name, type and shape; whoever declares it to a writer answers for them.
    public init(_ name: String, _ dataType: SafetensorsDataType, shape: [Int]) {
      self.name = name
      self.dataType = dataType
      self.shape = shape
    }
  }

  private let file: any ByteSink
  private let declarations: [Declaration]
  /// The tensor that is being written, and the bytes that it still needs.
  private var current = -1
  private var missing = 0

  /// Opens a temporary next to `path` and writes the header.
  ///
  /// Names must be different and not `__metadata__`, shapes must not overflow.
  ///
  /// - Throws: `SafetensorsError.headerLength` if the header exceeds what the format allows, `FileError`.
  public convenience init(path: String, tensors: [Declaration], metadata: [String: String] = [:]) throws {
    try self.init(to: FileDestination(path: path), tensors: tensors, metadata: metadata)
  }

  /// Opens a sink of any destination and writes the header; otherwise as the initializer with a path.
  public convenience init(
    to destination: any ByteDestination, tensors: [Declaration], metadata: [String: String] = [:]
  ) throws {
    try self.init(
      to: destination, tensors: tensors, metadata: metadata, headerLimit: SafetensorsFile.headerLimit)
  }

  /// The public initializer with another limit, for tests.
  init(
    to destination: any ByteDestination, tensors: [Declaration], metadata: [String: String], headerLimit: Int
  ) throws {
    precondition(Set(tensors.map(\.name)).count == tensors.count, "a name is declared twice")
    let header = Self.header(tensors, metadata)
    guard header.count <= headerLimit else {
      throw SafetensorsError.headerLength(path: destination.name, declared: UInt64(header.count), limit: headerLimit)
    }
    file = try destination.open()
    declarations = tensors
    try file.append((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) })
    try file.append(header)
  }

  /// Adds the next bytes of the tensor `name`, or all of them.
  ///
  /// Must follow the declared order: a tensor begins when the one before it is complete, and takes no more bytes than
  /// its shape has. Tensors without elements may be passed over.
  ///
  /// - Throws: `FileError` if the disk is full or fails.
  public func append(_ bytes: some ContiguousBytesSequence, to name: String) throws {
    while current < 0 || declarations[current].name != name {
      precondition(missing == 0, "the tensor before \(name) is not complete")
      current += 1
      precondition(current < declarations.count, "\(name) is not declared, or was passed")
      missing = declarations[current].dataType.byteCount(shape: declarations[current].shape)!
    }
    let count = bytes.withRawBytes(\.count)
    precondition(count <= missing, "\(name) takes \(missing) more bytes, not \(count)")
    try file.append(bytes)
    missing -= count
  }

  /// Makes the file durable under its name; every tensor must be complete.
  ///
  /// - Throws: `FileError`.
  public func commit() throws {
    let rest = declarations[(current + 1)...]
    precondition(missing == 0 && rest.allSatisfy { $0.shape.contains(0) }, "tensors are missing")
    try file.commit()
  }

  private static func header(_ tensors: [Declaration], _ metadata: [String: String]) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
      members.append("\"__metadata__\":{\(texts.map { "\(quote($0)):\(quote($1))" }.joined(separator: ","))}")
    }
    var end = 0
    for tensor in tensors {
      precondition(tensor.name != "__metadata__", "no tensor may have that name")
      let begin = end
      guard let count = tensor.dataType.byteCount(shape: tensor.shape), count <= Int.max - begin else {
        preconditionFailure("the shape of \(tensor.name) is too large")
      }
      end += count
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(quote(tensor.name)):{\"dtype\":\"\(tensor.dataType.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(begin),\(end)]}")
    }
    var bytes = Array("{\(members.joined(separator: ","))}".utf8)
    while bytes.count % 8 != 0 { bytes.append(UInt8(ascii: " ")) }
    return bytes
  }

  /// `text` as a JSON string.
  static func quote(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
