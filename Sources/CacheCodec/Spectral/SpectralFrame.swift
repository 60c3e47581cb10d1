import Coding
import ComputeKernels
import KVCacheModel
import SpectralTransform

/// What the segments of a group's keys or values have in common: weights, means, basis and exact tokens
/// (formats/fkv.md §13.2).
struct SpectralFrame: Equatable, Sendable {
  var group: LayerGroup
  /// N.
  var blockLength: Int
  var basisSource: BasisSource
  /// Whether the rotary embedding was undone; always false for values.
  var isUnrotated: Bool
  /// One a layer and head; positive.
  var weights: [Float]
  /// n numbers, exact in half precision.
  var mean: [Float]
  /// The group's own basis; nil unless `basisSource` is `embedded`.
  var basis: QuantisedBasis?
  /// Rows kept bit for bit, ascending, apart from each other.
  var exactRows: [Range<Int>]
  /// The exact rows' elements as stored: for each layer (H, rows, D).
  var exactBytes: [UInt8]
  /// Features, of n, that segments keep bit for bit, ascending.
  var exactFeatures: [Int]

  /// Values of a coded row of reflector elements.
  static let basisRowLength = 32

  /// The section's bytes and how many of them are basis and exact rows.
  func encoded(elementSize: Int) -> (bytes: [UInt8], basisBytes: Int, exactBytes: Int) {
    let basisStream = basis.map(Self.encode) ?? []
    let exactStream = PlanedLZ4.encode(exactBytes, elementSize: elementSize)
    var writer = ByteWriter()
    writer.append(basisSource.rawValue)
    writer.append(UInt8(isUnrotated ? 1 : 0))
    writer.append(UInt16(blockLength))
    for number in [group.count, group.features, basis?.count ?? 0, exactRows.count, exactFeatures.count] {
      writer.append(UInt32(number))
    }
    writer.append(UInt64(basisStream.count))
    writer.append(UInt64(exactStream.count))
    writer.append(weights)
    writer.append(StoredElements.narrowHalf(mean))
    for rows in exactRows {
      writer.append(UInt32(rows.lowerBound))
      writer.append(UInt32(rows.count))
    }
    for feature in exactFeatures { writer.append(UInt32(feature)) }
    writer.append(basisStream)
    writer.append(exactStream)
    return (writer.bytes, basisStream.count, exactStream.count)
  }

  /// The reflectors' integers, each reflector filled up with zeros to a multiple of 32, as a coefficient stream.
  static func encode(_ basis: QuantisedBasis) -> [UInt8] {
    var symbols: [Int16] = []
    for list in basis.integers {
      symbols += list
      symbols += Array(repeating: 0, count: (basisRowLength - list.count % basisRowLength) % basisRowLength)
    }
    return symbols.withUnsafeBufferPointer {
      CoefficientCoder.encode($0, rows: symbols.count / basisRowLength, rowLength: basisRowLength)
    }
  }

  /// Rows of 32 that the reflectors of a basis take.
  static func basisRows(dimension n: Int, count: Int) -> Int {
    (0..<count).reduce(0) { $0 + (n - $1 + basisRowLength - 1) / basisRowLength }
  }

  /// Undoes `encode`.
  static func decodeBasis(_ bytes: [UInt8], dimension n: Int, count: Int, place: String) throws -> QuantisedBasis {
    let rows = basisRows(dimension: n, count: count)
    let symbols = try CoefficientCoder.decode(bytes, rows: rows, rowLength: basisRowLength)
    var lists: [[Int16]] = []
    var start = 0
    for j in 0..<count {
      let padded = (n - j + basisRowLength - 1) / basisRowLength * basisRowLength
      let list = Array(symbols[start..<start + n - j])
      guard list.contains(where: { $0 != 0 }), symbols[start + n - j..<start + padded].allSatisfy({ $0 == 0 }) else {
        throw CodecError.badValue(
          place: place, field: "reflector \(j)", declared: "all zero, or longer than it may be",
          allowed: "\(n - j) integers, not all 0")
      }
      lists.append(list)
      start += padded
    }
    return QuantisedBasis(dimension: n, integers: lists)
  }
}
