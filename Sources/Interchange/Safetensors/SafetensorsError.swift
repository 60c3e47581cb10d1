/// Why a safetensors file was refused. Offsets count bytes: in the header, or of the data after it, as each case says.
public enum SafetensorsError: Error, Equatable, Sendable {
  /// The file has fewer bytes than the 8 of the header's length.
  case tooShort(path: String, fileBytes: Int)
  /// The header's declared length is above `limit`: what the file holds, or what the format allows.
  case headerLength(path: String, declared: UInt64, limit: Int)
  /// At `offset` in the header stands something else than what must stand there.
  case malformedHeader(path: String, offset: Int, expected: String, found: String)
  /// A name that the header, the metadata or a tensor's description has twice; `offset` in the header is after it.
  case duplicateKey(path: String, key: String, offset: Int)
  /// A tensor without `dtype`, `shape` or `data_offsets`.
  case missingField(path: String, tensor: String, field: String)
  /// A `dtype` that `SafetensorsDataType` does not know.
  case unknownDataType(path: String, tensor: String, found: String)
  /// More elements than can be counted, or more than `SafetensorsFile.rankLimit` dimensions.
  case shapeTooLarge(path: String, tensor: String, shape: [Int])
  /// `data_offsets` that end before they begin.
  case reversedOffsets(path: String, tensor: String, begin: Int, end: Int)
  /// The shape needs `needed` bytes, but `data_offsets` span `declared`.
  case byteCount(path: String, tensor: String, declared: Int, needed: Int)
  /// A hole or an overlap: the tensor must begin where the one before it ends, `expected` in the data.
  case notContiguous(path: String, tensor: String, expected: Int, found: Int)
  /// Header and tensors need `declared` bytes, but the file has `found`.
  case fileLength(path: String, declared: Int, found: Int)
  /// The file holds no tensor of that name.
  case noSuchTensor(path: String, tensor: String)
}

extension SafetensorsError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tooShort(let path, let fileBytes):
      "\(path): not a safetensors file: \(fileBytes) bytes, fewer than the 8 of a header's length"
    case .headerLength(let path, let declared, let limit):
      "\(path): not a safetensors file: its header declares \(declared) bytes, but at most \(limit) are possible"
    case .malformedHeader(let path, let offset, let expected, let found):
      "\(path): safetensors header, byte \(offset): expected \(expected), found \(found)"
    case .duplicateKey(let path, let key, let offset):
      "\(path): safetensors header, byte \(offset): \"\(excerpt(key))\" occurs twice"
    case .missingField(let path, let tensor, let field):
      "\(path): tensor \"\(excerpt(tensor))\" has no \(field)"
    case .unknownDataType(let path, let tensor, let found):
      "\(path): tensor \"\(excerpt(tensor))\" has the unknown dtype \"\(excerpt(found))\""
    case .shapeTooLarge(let path, let tensor, let shape):
      "\(path): tensor \"\(excerpt(tensor))\" declares a shape beyond all limits: \(excerpt("\(shape)"))"
    case .reversedOffsets(let path, let tensor, let begin, let end):
      "\(path): tensor \"\(excerpt(tensor))\" begins at \(begin) but ends at \(end)"
    case .byteCount(let path, let tensor, let declared, let needed):
      "\(path): tensor \"\(excerpt(tensor))\" spans \(declared) bytes, but its shape needs \(needed)"
    case .notContiguous(let path, let tensor, let expected, let found):
      "\(path): tensor \"\(excerpt(tensor))\" begins at \(found) of the data, but must begin at \(expected)"
    case .fileLength(let path, let declared, let found):
      "\(path): header and tensors need \(declared) bytes, but the file has \(found)"
    case .noSuchTensor(let path, let tensor):
      "\(path): holds no tensor \"\(excerpt(tensor))\""
    }
  }
}
