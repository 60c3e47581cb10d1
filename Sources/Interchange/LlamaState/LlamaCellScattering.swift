import KVCacheModel

/// Turns a tensor of shape (H, T, D) into the cells of a state file: rows of one token each, or channels.
struct LlamaCellScattering {
  var type: LlamaCellType
  /// Elements that the Hadamard rotation spans that is to be applied; 0 for none.
  var rotation: Int
  var isTransposed: Bool

  /// Bytes of one cell of a layer.
  func rowBytes(_ shape: LayerGeometry) -> Int { shape.features / type.blockElements * type.blockBytes }

  /// Bytes of a layer's keys or values with the fields before them.
  func byteCount(_ shape: LayerGeometry) -> Int { 12 + shape.tokens * rowBytes(shape) }

  /// The fields and the cells.
  func bytes(_ tensor: CacheTensor, _ shape: LayerGeometry) -> [UInt8] {
    var header = LittleEndianBytes()
    header.append(type.rawValue)
    if isTransposed {
      header.append(UInt32(type.blockBytes))
      header.append(UInt32(shape.features))
    } else {
      header.append(UInt64(rowBytes(shape)))
    }
    let isPlain = rotation == 0 && type.elementType == tensor.elementType
    let rows = isPlain ? Self.rows(tensor) : encodedRows(tensor)
    return header.bytes + (isTransposed ? channels(rows, shape) : rows)
  }

  /// (H, T, D) to (T, H, D), elements as they are.
  private static func rows(_ tensor: CacheTensor) -> [UInt8] {
    let headBytes = tensor.headDim * tensor.elementType.byteCount
    let rowBytes = tensor.kvHeads * headBytes
    var rows = [UInt8](repeating: 0, count: tensor.bytes.count)
    tensor.bytes.withUnsafeBytes { source in
      rows.withUnsafeMutableBytes { target in
        for head in 0..<tensor.kvHeads {
          for token in 0..<tensor.tokens {
            let from = (head * tensor.tokens + token) * headBytes
            let to = token * rowBytes + head * headBytes
            target[to..<to + headBytes].copyBytes(from: source[from..<from + headBytes])
          }
        }
      }
    }
    return rows
  }

  private func encodedRows(_ tensor: CacheTensor) -> [UInt8] {
    let elements = LlamaCellType(tensor.elementType)
    let rows = Self.rows(tensor)
    let rowBytes = tensor.kvHeads * tensor.headDim * elements.blockBytes
    var encoded = LittleEndianBytes()
    var row = [Float](repeating: 0, count: tensor.kvHeads * tensor.headDim)
    rows.withUnsafeBytes { rows in
      row.withUnsafeMutableBufferPointer { row in
        for start in stride(from: 0, to: rows.count, by: rowBytes) {
          elements.decode(UnsafeRawBufferPointer(rebasing: rows[start..<start + rowBytes]), into: row)
          if rotation > 0 { LlamaCellRotation.apply(row, size: rotation) }
          type.encode(UnsafeBufferPointer(row), into: &encoded)
        }
      }
    }
    return encoded.bytes
  }

  /// (T, H, D) to (H, D, T).
  private func channels(_ rows: [UInt8], _ shape: LayerGeometry) -> [UInt8] {
    let size = type.blockBytes
    var channels = [UInt8](repeating: 0, count: rows.count)
    for token in 0..<shape.tokens {
      for channel in 0..<shape.features {
        for byte in 0..<size {
          channels[(channel * shape.tokens + token) * size + byte] =
            rows[(token * shape.features + channel) * size + byte]
        }
      }
    }
    return channels
  }
}
