import Coding
import ComputeKernels
import KVCacheModel
import SpectralTransform

extension SpectralFrame {
  /// The head of a frame's bytes, before anything is decoded.
  struct Head {
    var basisSource: BasisSource
    var isUnrotated: Bool
    var blockLength: Int
    var reflectors: Int
    var exactRanges: Int
    var exactFeatures: Int
    var basisBytes: Int
    var exactBytes: Int
    var parser: ByteParser
  }

  /// Reads and checks the head of a frame.
  static func head(_ bytes: [UInt8], group: LayerGroup, kind: CacheKind, place: String) throws -> Head {
    var parser = ByteParser(bytes, place: place)
    func refuse(_ field: String, _ declared: Int, _ allowed: String) -> CodecError {
      .badValue(place: place, field: field, declared: "\(declared)", allowed: allowed)
    }
    let sourceCode: UInt8 = try parser.number()
    guard let source = BasisSource(rawValue: sourceCode) else {
      throw refuse("basis source", Int(sourceCode), "0, 1 or 2")
    }
    let rotated: UInt8 = try parser.number()
    guard rotated == 0 || rotated == 1 && kind == .key else {
      throw refuse("un-rotated", Int(rotated), kind == .key ? "0 or 1" : "0")
    }
    let block = Int(try parser.number(UInt16.self))
    guard block >= 1, block <= 1024 else { throw refuse("block length", block, "1…1024") }
    let counts = try (0..<5).map { _ in try parser.count32() }
    guard counts[0] == group.count else { throw refuse("layers", counts[0], "\(group.count)") }
    guard counts[1] == group.features else { throw refuse("features", counts[1], "\(group.features)") }
    guard counts[2] <= (source == .embedded ? group.features : 0) else {
      throw refuse("reflectors", counts[2], "at most \(source == .embedded ? group.features : 0)")
    }
    guard counts[3] <= group.shape.tokens else {
      throw refuse("exact ranges", counts[3], "at most \(group.shape.tokens)")
    }
    guard counts[4] <= group.features else { throw refuse("exact features", counts[4], "at most \(group.features)") }
    let basisBytes = try parser.byteCount64("basis bytes")
    let exactBytes = try parser.byteCount64("exact bytes")
    return Head(
      basisSource: source, isUnrotated: rotated == 1, blockLength: block, reflectors: counts[2],
      exactRanges: counts[3], exactFeatures: counts[4], basisBytes: basisBytes, exactBytes: exactBytes, parser: parser)
  }

  /// Reads a frame of a group's keys or values whose elements take `elementSize` bytes.
  ///
  /// - Throws: `CodecError` or `CodingError` where the bytes are not such a frame.
  init(parsing bytes: [UInt8], group: LayerGroup, kind: CacheKind, elementSize: Int, place: String) throws {
    let head = try Self.head(bytes, group: group, kind: kind, place: place)
    var parser = head.parser
    self.group = group
    blockLength = head.blockLength
    basisSource = head.basisSource
    isUnrotated = head.isUnrotated
    weights = try parser.weights(group.count * group.shape.kvHeads)
    mean = StoredElements.widenHalf(Array(try parser.take(2 * group.features)))
    guard mean.allSatisfy(\.isFinite) else {
      throw CodecError.badValue(place: place, field: "means", declared: "a NaN or infinity", allowed: "finite numbers")
    }
    exactRows = []
    var end = 0
    for _ in 0..<head.exactRanges {
      let (first, count) = (try parser.count32(), try parser.count32())
      guard first >= end, count >= 1, first + count <= group.shape.tokens else {
        throw CodecError.badValue(
          place: place, field: "exact rows", declared: "\(count) from \(first)",
          allowed: "ascending ranges within \(group.shape.tokens) tokens")
      }
      end = first + count
      exactRows.append(first..<end)
    }
    exactFeatures = []
    for _ in 0..<head.exactFeatures {
      let feature = try parser.count32()
      guard feature > exactFeatures.last ?? -1, feature < group.features else {
        throw CodecError.badValue(
          place: place, field: "exact feature", declared: "\(feature)",
          allowed: "ascending numbers below \(group.features)")
      }
      exactFeatures.append(feature)
    }
    let basisStream = Array(try parser.take(head.basisBytes))
    let exactStream = Array(try parser.take(head.exactBytes))
    try parser.expect(0)
    if head.basisSource == .embedded {
      basis = try Self.decodeBasis(basisStream, dimension: group.features, count: head.reflectors, place: place)
    } else if !basisStream.isEmpty {
      throw CodecError.badValue(place: place, field: "basis bytes", declared: "\(basisStream.count)", allowed: "0")
    }
    let rows = exactRows.reduce(0) { $0 + $1.count }
    exactBytes = try PlanedLZ4.decode(
      exactStream, elementSize: elementSize, rawCount: rows * group.features * elementSize)
  }
}
