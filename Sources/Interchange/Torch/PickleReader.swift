/// Reads the pickles that `torch.save` writes into values, and runs nothing.
///
/// A pickle is a program for a stack machine. This one knows the opcodes that put plain values together (protocols 2
/// to 5), the names in `TorchNames`, and tensors of storages. Any other opcode ends the reading with an error that says
/// which; any other name, called or not, gives a node that only says the name. Each opcode takes bounded time and memory, nothing recurses, and the memo is a dictionary, so that
/// time and memory are in proportion to the pickle's length.
struct PickleReader {
  /// The longest pickle that is read, in bytes: a thousand times what a cache of a hundred layers needs.
  static let limit = 4 << 20

  let path: String
  let bytes: [UInt8]
  var offset = 0
  var nodes: [PickleNode] = []
  var stack: [PickleValue] = []
  /// Heights of the stack at which marks stand.
  var marks: [Int] = []
  var memo: [Int: PickleValue] = [:]

  /// Reads a whole pickle.
  ///
  /// - Throws: `ForeignError`.
  static func read(_ bytes: [UInt8], path: String) throws -> Pickle {
    guard bytes.count <= limit else {
      throw ForeignError.unsupported(path: path, what: "the length of data.pkl", found: "\(bytes.count) bytes")
    }
    var reader = PickleReader(path: path, bytes: bytes)
    while true {
      let opcode = try reader.byte()
      // STOP: the value is alone on the stack.
      if opcode == UInt8(ascii: ".") { break }
      try reader.run(opcode)
    }
    let root = try reader.pop()
    guard reader.stack.isEmpty, reader.marks.isEmpty, reader.offset == bytes.count else {
      throw reader.failure("one value and the end", "\(bytes.count - reader.offset) more bytes")
    }
    return Pickle(nodes: reader.nodes, root: root)
  }

  private init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  /// An error at the byte after the last one read.
  func failure(_ expected: String, _ found: String) -> ForeignError {
    .invalid(path: path, what: "data.pkl, byte \(offset)", expected: expected, found: found)
  }

  // MARK: Bytes

  mutating func byte() throws -> UInt8 { try take(1).first! }

  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count <= bytes.count - offset else {
      throw ForeignError.truncated(
        path: path, what: "data.pkl", offset: offset, wanted: count, fileBytes: bytes.count)
    }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  /// An unsigned number of 1, 2, 4 or 8 bytes that fits `Int`.
  mutating func natural(_ count: Int) throws -> Int {
    let value = try take(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let natural = Int(exactly: value) else { throw failure("a number below 2^63", String(value)) }
    return natural
  }

  /// A signed number of up to 8 bytes.
  mutating func signed(_ count: Int) throws -> Int {
    guard count <= 8 else { throw failure("an integer of 8 bytes at most", "\(count) bytes") }
    let content = try take(count)
    let value = content.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard count > 0 else { return 0 }
    let unused = UInt64(64 - 8 * count)
    return Int(Int64(bitPattern: value << unused) >> Int64(unused))
  }

  mutating func text(_ count: Int) throws -> String {
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw failure("text in UTF-8", "other bytes")
    }
    return text
  }

  /// Text up to the next line feed, which is passed over.
  mutating func line() throws -> String {
    guard let end = bytes[offset...].firstIndex(of: 0x0A) else {
      throw failure("a line", "no line feed")
    }
    let line = try text(end - offset)
    offset += 1
    return line
  }

  // MARK: Stack

  mutating func pop() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw failure("a value on the stack", "none")
    }
    return value
  }

  /// All values above the last mark, which goes as well.
  mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw failure("a mark on the stack", "none") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  mutating func push(_ node: PickleNode) {
    nodes.append(node)
    stack.append(.node(nodes.count - 1))
  }

  /// The number of the container on top of the stack, which stays.
  func top() throws -> Int {
    guard stack.count > marks.last ?? 0, case .node(let index)? = stack.last else {
      throw failure("a container on the stack", "none")
    }
    return index
  }
}
