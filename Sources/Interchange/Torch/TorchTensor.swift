import KVCacheModel

/// One entry `data/{key}` of a torch archive.
struct TorchStorage: Hashable, Sendable {
  /// Its name below `data/`.
  var key: String
  var type: SafetensorsDataType
  /// Elements.
  var count: Int
}

/// A view of a storage: element (i, j, …) is element offset + i·stride₀ + j·stride₁ + … of the storage.
struct TorchTensor: Hashable, Sendable {
  let storage: TorchStorage
  let offset: Int
  let shape: [Int]
  let strides: [Int]

  /// A view that stays within its storage and has no more elements than it; nil for any other.
  init?(storage: TorchStorage, offset: Int, shape: [Int], strides: [Int]) {
    guard offset >= 0, shape.count == strides.count, shape.count <= SafetensorsFile.rankLimit,
      shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
    else { return nil }
    var last = offset
    var elements = 1
    for (size, stride) in zip(shape, strides) where !shape.contains(0) {
      let (step, tooFar) = (size - 1).multipliedReportingOverflow(by: stride)
      let (next, beyond) = last.addingReportingOverflow(step)
      let (product, tooMany) = elements.multipliedReportingOverflow(by: size)
      guard !tooFar, !beyond, !tooMany else { return nil }
      (last, elements) = (next, product)
    }
    if shape.contains(0) {
      guard offset <= storage.count else { return nil }
    } else {
      guard last < storage.count, elements <= storage.count else { return nil }
    }
    self.storage = storage
    self.offset = offset
    self.shape = shape
    self.strides = strides
  }

  /// The elements of the storage from the first to the last that the view has; empty for a view without elements.
  var span: Range<Int> {
    guard !shape.contains(0) else { return offset..<offset }
    return offset..<zip(shape, strides).reduce(offset) { $0 + ($1.0 - 1) * $1.1 } + 1
  }

  /// The view's elements, row-major, from the bytes of its span.
  func gathered(_ bytes: [UInt8]) -> [UInt8] {
    let size = storage.type.byteCount
    let elements = shape.reduce(1, *)
    precondition(bytes.count == span.count * size, "not the bytes of the span")
    guard elements * size != bytes.count || !isContiguous else { return bytes }
    return [UInt8](unsafeUninitializedCapacity: elements * size) { target, count in
      var index = [Int](repeating: 0, count: shape.count)
      var place = 0
      for element in 0..<elements {
        for byte in 0..<size { target[element * size + byte] = bytes[place * size + byte] }
        for axis in shape.indices.reversed() {
          index[axis] += 1
          place += strides[axis]
          if index[axis] < shape[axis] { break }
          place -= index[axis] * strides[axis]
          index[axis] = 0
        }
      }
      count = elements * size
    }
  }

  /// Whether elements follow each other row-major without gaps.
  private var isContiguous: Bool {
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      guard stride == expected else { return false }
      expected *= size
    }
    return true
  }
}
