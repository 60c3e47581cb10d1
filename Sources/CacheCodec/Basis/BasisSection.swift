import Coding
import FKVFormat
import SpectralTransform

/// Weights and basis of a group's keys or values in a basis file (formats/fkv.md §14.2).
struct BasisSection: Equatable, Sendable {
  var group: LayerGroup
  var part: ModelBasis.Part

  init(group: LayerGroup, part: ModelBasis.Part) {
    self.group = group
    self.part = part
  }

  /// Bytes of the weights as 32-bit and of the reflectors' integers as 16-bit numbers.
  var rawBytes: Int { Self.rawBytes(group, reflectors: part.basis.count) }

  private static func rawBytes(_ group: LayerGroup, reflectors s: Int) -> Int {
    4 * group.count * group.shape.kvHeads + 2 * (s * group.features - s * (s - 1) / 2)
  }

  /// The section's payload.
  var encoded: [UInt8] {
    let stream = SpectralFrame.encode(part.basis)
    var writer = ByteWriter()
    for number in [group.count, group.features, part.basis.count] { writer.append(UInt32(number)) }
    writer.append(part.weights)
    writer.append(stream)
    return writer.bytes
  }

  /// Reads a section's payload.
  ///
  /// - Throws: `CodecError`, `CodingError` or `FormatError.rawBytes` where the bytes are not such a section.
  init(parsing bytes: [UInt8], entry: SectionEntry, group: LayerGroup, place: String) throws {
    var parser = ByteParser(bytes, place: place)
    func count(_ field: String, _ allowed: ClosedRange<Int>) throws -> Int {
      let value = try parser.count32()
      guard allowed.contains(value) else {
        let range = allowed.count == 1 ? "\(allowed.lowerBound)" : "\(allowed.lowerBound)…\(allowed.upperBound)"
        throw CodecError.badValue(place: place, field: field, declared: "\(value)", allowed: range)
      }
      return value
    }
    _ = try count("layers", group.count...group.count)
    let n = try count("features", group.features...group.features)
    let reflectors = try count("reflectors", 0...n)
    // The directory's number is within the reader's limits, so what follows may be allocated.
    try entry.checkRawBytes(Self.rawBytes(group, reflectors: reflectors))
    let weights = try parser.weights(group.count * group.shape.kvHeads)
    self.group = group
    part = ModelBasis.Part(
      weights: weights,
      basis: try SpectralFrame.decodeBasis(
        Array(try parser.take(parser.remaining)), dimension: n, count: reflectors, place: place))
  }
}
