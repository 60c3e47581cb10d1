import KVCacheModel

/// The signals of a layer's features along tokens, cut out of (H, T, D).
///
/// Feature f = h·D + d is element d of head h, for all tokens.
struct FeatureColumns {
  let tokens: Int
  let headDim: Int

  /// Index of feature f's element at token t.
  func index(feature: Int, token: Int) -> Int {
    (feature / headDim * tokens + token) * headDim + feature % headDim
  }

  /// A feature's numbers over a range of tokens.
  func gather(
    _ values: UnsafeBufferPointer<Float>, feature: Int, over range: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) {
    var source = index(feature: feature, token: range.lowerBound)
    for t in 0..<range.count {
      target[t] = values[source]
      source += headDim
    }
  }

  /// The stored bytes of some features over a range of tokens, feature by feature.
  func gatherBytes(_ bytes: [UInt8], elementSize: Int, features: [Int], over range: Range<Int>) -> [UInt8] {
    let count = features.count * range.count * elementSize
    return [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      var place = 0
      bytes.withUnsafeBufferPointer { bytes in
        for feature in features {
          var source = index(feature: feature, token: range.lowerBound) * elementSize
          for _ in range {
            for b in 0..<elementSize { target[place + b] = bytes[source + b] }
            place += elementSize
            source += headDim * elementSize
          }
        }
      }
      initialized = count
    }
  }

  /// Undoes `gatherBytes`.
  func scatterBytes(
    _ columns: [UInt8], elementSize: Int, features: [Int], over range: Range<Int>, into bytes: inout [UInt8]
  ) {
    precondition(columns.count == features.count * range.count * elementSize)
    bytes.withUnsafeMutableBufferPointer { bytes in
      columns.withUnsafeBufferPointer { columns in
        var place = 0
        for feature in features {
          var target = index(feature: feature, token: range.lowerBound) * elementSize
          for _ in range {
            for b in 0..<elementSize { bytes[target + b] = columns[place + b] }
            place += elementSize
            target += headDim * elementSize
          }
        }
      }
    }
  }

  /// The stored bytes of whole tokens, (H, rows, D), for the rows in two ranges one after the other.
  func gatherRows(_ bytes: [UInt8], elementSize: Int, heads: Int, _ first: Range<Int>, _ second: Range<Int>) -> [UInt8]
  {
    let row = headDim * elementSize
    var result: [UInt8] = []
    result.reserveCapacity(heads * (first.count + second.count) * row)
    for head in 0..<heads {
      for range in [first, second] {
        let base = head * tokens
        result += bytes[(base + range.lowerBound) * row..<(base + range.upperBound) * row]
      }
    }
    return result
  }

  /// Undoes `gatherRows`.
  func scatterRows(
    _ rows: [UInt8], elementSize: Int, heads: Int, _ first: Range<Int>, _ second: Range<Int>, into bytes: inout [UInt8]
  ) {
    let row = headDim * elementSize
    var place = 0
    for head in 0..<heads {
      for range in [first, second] {
        let target = (head * tokens + range.lowerBound) * row
        bytes.replaceSubrange(target..<target + range.count * row, with: rows[place..<place + range.count * row])
        place += range.count * row
      }
    }
  }
}
