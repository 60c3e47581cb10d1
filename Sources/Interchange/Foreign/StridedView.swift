import KVCacheModel

/// A view of a row of elements: (i, j, …) is element offset + i·stride₀ + j·stride₁ + … of it.
struct StridedView: Hashable, Sendable {
  let offset: Int
  let shape: [Int]
  let strides: [Int]

  /// A view that stays within `count` elements and has no more elements than that; nil for any other.
  init?(count: Int, offset: Int, shape: [Int], strides: [Int]) {
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
    guard shape.contains(0) ? offset <= count : last < count && elements <= count else { return nil }
    self.offset = offset
    self.shape = shape
    self.strides = strides
  }

  /// (H, T, D) of elements that lie as (T, H, D).
  static func heads(_ heads: Int, tokens: Int, dims: Int) -> StridedView {
    StridedView(
      count: heads * tokens * dims, offset: 0, shape: [heads, tokens, dims], strides: [dims, heads * dims, 1])!
  }

  /// (T, H, D) of elements that lie as (H, T, D).
  static func tokens(_ tokens: Int, heads: Int, dims: Int) -> StridedView {
    StridedView(
      count: heads * tokens * dims, offset: 0, shape: [tokens, heads, dims], strides: [dims, tokens * dims, 1])!
  }

  /// The elements from the first to the last that the view has; empty for a view without elements.
  var span: Range<Int> {
    guard !shape.contains(0) else { return offset..<offset }
    return offset..<zip(shape, strides).reduce(offset) { $0 + ($1.0 - 1) * $1.1 } + 1
  }

  /// The view's elements of `size` bytes, row-major, from the bytes of its span.
  func gathered(_ bytes: [UInt8], size: Int) -> [UInt8] {
    let elements = shape.reduce(1, *)
    precondition(bytes.count == span.count * size, "not the bytes of the span")
    // Elements along the last axis that lie side by side move together.
    let isRun = strides.last == 1
    let run = (isRun ? shape.last! : 1) * size
    let axes = isRun ? shape.indices.dropLast() : shape.indices
    guard elements > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: elements * size) { target, count in
      bytes.withUnsafeBytes { source in
        let target = UnsafeMutableRawBufferPointer(target)
        var index = [Int](repeating: 0, count: axes.count)
        var place = 0
        for start in stride(from: 0, to: elements * size, by: run) {
          target.baseAddress!.advanced(by: start).copyMemory(
            from: source.baseAddress!.advanced(by: place * size), byteCount: run)
          for axis in axes.reversed() {
            index[axis] += 1
            place += strides[axis]
            if index[axis] < shape[axis] { break }
            place -= index[axis] * strides[axis]
            index[axis] = 0
          }
        }
      }
      count = elements * size
    }
  }
}
