import KVCacheModel

/// Puts some cells of one layer, as they lie in a state file, into a tensor of shape (H, T, D).
struct LlamaCellGathering {
  var shape: LayerGeometry
  /// The cells to take, in order.
  var cells: ArraySlice<Int>
  /// The tensor's elements: those of the file, or Float32.
  var type: ElementType

  /// - Parameter rotation: elements that the Hadamard rotation spans that is to be undone; 0 for none.
  func tensor(_ data: [UInt8], of cellType: LlamaCellType, isTransposed: Bool, rotation: Int) -> CacheTensor {
    let isPlain = rotation == 0 && !cellType.isQuantised
    var bytes = [UInt8](repeating: 0, count: shape.elementCount * type.byteCount)
    data.withUnsafeBytes { source in
      bytes.withUnsafeMutableBytes { target in
        if isPlain {
          isTransposed ? gatherChannels(source, target) : gatherRows(source, target)
        } else {
          let rows = isTransposed ? self.rows(ofChannels: source, cellType.blockBytes) : Array(source)
          rows.withUnsafeBytes { decodeRows($0, target, cellType, rotation) }
        }
      }
    }
    return CacheTensor(
      kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim, elementType: type, bytes: bytes)
  }

  /// (cell, H, D) to (H, T, D).
  private func gatherRows(_ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) {
    let headBytes = shape.headDim * type.byteCount
    let rowBytes = shape.kvHeads * headBytes
    for (token, cell) in cells.enumerated() {
      for head in 0..<shape.kvHeads {
        let from = cell * rowBytes + head * headBytes
        let to = (head * shape.tokens + token) * headBytes
        target[to..<to + headBytes].copyBytes(from: source[from..<from + headBytes])
      }
    }
  }

  /// (H, D, cell) to (H, T, D).
  private func gatherChannels(_ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) {
    let size = type.byteCount
    let cellCount = source.count / (shape.features * size)
    for channel in 0..<shape.features {
      let (head, dim) = channel.quotientAndRemainder(dividingBy: shape.headDim)
      for (token, cell) in cells.enumerated() {
        let from = (channel * cellCount + cell) * size
        let to = ((head * shape.tokens + token) * shape.headDim + dim) * size
        target[to..<to + size].copyBytes(from: source[from..<from + size])
      }
    }
  }

  /// (H, D, cell) to (cell, H, D).
  private func rows(ofChannels source: UnsafeRawBufferPointer, _ size: Int) -> [UInt8] {
    let cellCount = source.count / (shape.features * size)
    var rows = [UInt8](repeating: 0, count: source.count)
    for channel in 0..<shape.features {
      for cell in 0..<cellCount {
        for byte in 0..<size {
          rows[(cell * shape.features + channel) * size + byte] = source[(channel * cellCount + cell) * size + byte]
        }
      }
    }
    return rows
  }

  /// Rows of any type to Float32 in (H, T, D), rotated back.
  private func decodeRows(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, _ cellType: LlamaCellType,
    _ rotation: Int
  ) {
    let rowBytes = shape.features / cellType.blockElements * cellType.blockBytes
    let headBytes = shape.headDim * 4
    var row = [Float](repeating: 0, count: shape.features)
    row.withUnsafeMutableBufferPointer { row in
      for (token, cell) in cells.enumerated() {
        cellType.decode(UnsafeRawBufferPointer(rebasing: source[cell * rowBytes..<(cell + 1) * rowBytes]), into: row)
        if rotation > 0 { LlamaCellRotation.apply(row, size: rotation) }
        for index in row.indices { row[index] = Float(bitPattern: row[index].bitPattern.littleEndian) }
        let bytes = UnsafeRawBufferPointer(row)
        for head in 0..<shape.kvHeads {
          let to = (head * shape.tokens + token) * headBytes
          target[to..<to + headBytes].copyBytes(from: bytes[head * headBytes..<(head + 1) * headBytes])
        }
      }
    }
  }
}
