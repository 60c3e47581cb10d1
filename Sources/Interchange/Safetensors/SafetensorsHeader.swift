/// What a safetensors header declares, read but not yet compared with the file's length.
struct SafetensorsHeader {
  /// A tensor as declared; offsets count from the end of the header.
  struct Entry {
    var name: String
    var dataType: SafetensorsDataType
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  private(set) var metadata: [String: String] = [:]
  /// In the header's order.
  private(set) var entries: [Entry] = []
  /// Bytes before the data: the 8 of the length, and the header.
  let headerBytes: Int
  let path: String

  /// Reads the header's JSON; `path` is for errors.
  ///
  /// Accepts exactly `{"__metadata__": {string: string, …} or null, name: {"dtype": string, "shape": [natural, …],
  /// "data_offsets": [natural, natural]}, …}`, fields in any order, white space after it.
  init(_ bytes: [UInt8], path: String) throws(SafetensorsError) {
    self.path = path
    headerBytes = 8 + bytes.count
    do {
      try read(bytes)
    } catch let failure as JSONCursor.Failure {
      throw .malformedHeader(
        path: path, offset: failure.offset, expected: failure.expected, found: failure.found)
    } catch {
      throw error as! SafetensorsError
    }
  }

  private mutating func read(_ bytes: [UInt8]) throws {
    var cursor = JSONCursor(bytes)
    guard bytes.first == UInt8(ascii: "{") else { throw cursor.failure("'{'") }
    var sawMetadata = false
    var names: Set<String> = []
    try readMembers(&cursor) { name, cursor in
      if name == "__metadata__" {
        guard !sawMetadata else { throw duplicate(name, cursor) }
        sawMetadata = true
        try readMetadata(&cursor)
      } else {
        guard names.insert(name).inserted else { throw duplicate(name, cursor) }
        entries.append(try readEntry(name, &cursor))
      }
    }
    try cursor.end()
  }

  private mutating func readMetadata(_ cursor: inout JSONCursor) throws {
    // What MLX writes where there are none; the official library takes it as well.
    if cursor.takeNull() { return }
    try readMembers(&cursor) { key, cursor in
      guard metadata.updateValue(try cursor.string(), forKey: key) == nil else { throw duplicate(key, cursor) }
    }
  }

  private func readEntry(_ name: String, _ cursor: inout JSONCursor) throws -> Entry {
    var dataType: SafetensorsDataType?
    var shape: [Int]?
    var offsets: (begin: Int, end: Int)?
    try readMembers(&cursor) { field, cursor in
      switch field {
      case "dtype":
        guard dataType == nil else { throw duplicate(field, cursor) }
        let text = try cursor.string()
        guard let known = SafetensorsDataType(rawValue: text) else {
          throw SafetensorsError.unknownDataType(path: path, tensor: name, found: text)
        }
        dataType = known
      case "shape":
        guard shape == nil else { throw duplicate(field, cursor) }
        shape = try readShape(name, &cursor)
      case "data_offsets":
        guard offsets == nil else { throw duplicate(field, cursor) }
        try cursor.expect("[")
        let begin = try cursor.natural()
        try cursor.expect(",")
        offsets = (begin, try cursor.natural())
        try cursor.expect("]")
      default:
        throw JSONCursor.Failure(
          offset: cursor.offset, expected: "dtype, shape or data_offsets", found: "\"\(excerpt(field))\"")
      }
    }
    guard let dataType else { throw SafetensorsError.missingField(path: path, tensor: name, field: "dtype") }
    guard let shape else { throw SafetensorsError.missingField(path: path, tensor: name, field: "shape") }
    guard let offsets else { throw SafetensorsError.missingField(path: path, tensor: name, field: "data_offsets") }
    return Entry(name: name, dataType: dataType, shape: shape, begin: offsets.begin, end: offsets.end)
  }

  private func readShape(_ name: String, _ cursor: inout JSONCursor) throws -> [Int] {
    var shape: [Int] = []
    try cursor.expect("[")
    if cursor.take("]") { return shape }
    repeat {
      guard shape.count < SafetensorsFile.rankLimit else {
        throw SafetensorsError.shapeTooLarge(path: path, tensor: name, shape: shape)
      }
      shape.append(try cursor.natural())
    } while cursor.take(",")
    try cursor.expect("]")
    return shape
  }

  private func duplicate(_ key: String, _ cursor: JSONCursor) -> SafetensorsError {
    .duplicateKey(path: path, key: key, offset: cursor.offset)
  }
}

/// Reads an object; `member` reads each value, the cursor standing after the colon.
private func readMembers(_ cursor: inout JSONCursor, _ member: (String, inout JSONCursor) throws -> Void) throws {
  try cursor.expect("{")
  if cursor.take("}") { return }
  repeat {
    let name = try cursor.string()
    try cursor.expect(":")
    try member(name, &cursor)
  } while cursor.take(",")
  try cursor.expect("}")
}
