import Coding
import KVCacheModel

extension SpectralSegment {
  /// The head of a segment's bytes, before anything is decoded.
  struct Head {
    var components: Int
    var step: Float
    var offset: Float
    var hasBlockCodes: Bool
    var coefficientBytes: Int
    var exactBytes: Int
    var parser: ByteParser
  }

  /// Reads and checks the head of a segment.
  static func head(_ bytes: [UInt8], group: LayerGroup, place: String) throws -> Head {
    var parser = ByteParser(bytes, place: place)
    let components = try parser.count32()
    guard components <= group.features else {
      throw CodecError.badValue(
        place: place, field: "components", declared: "\(components)", allowed: "at most \(group.features)")
    }
    let step = try parser.floats(1)[0]
    guard step.isFinite, step > 0 else {
      throw CodecError.badValue(place: place, field: "step", declared: "\(step)", allowed: "a positive number")
    }
    let offset = try parser.floats(1)[0]
    guard abs(offset) <= 0.5 else {
      throw CodecError.badValue(place: place, field: "offset", declared: "\(offset)", allowed: "-0.5…0.5")
    }
    let flags = try parser.count32()
    guard flags <= 1 else {
      throw CodecError.badValue(place: place, field: "flags", declared: "\(flags)", allowed: "0 or 1")
    }
    return Head(
      components: components, step: step, offset: offset, hasBlockCodes: flags == 1,
      coefficientBytes: try parser.byteCount64("coefficient bytes"), exactBytes: try parser.byteCount64("exact bytes"),
      parser: parser)
  }

  /// Reads a segment.
  ///
  /// - Throws: `CodecError` or `CodingError` where the bytes are not such a segment.
  init(parsing bytes: [UInt8], rows: Range<Int>, frame: SpectralFrame, elementSize: Int, place: String) throws {
    let head = try Self.head(bytes, group: frame.group, place: place)
    var parser = head.parser
    self.rows = rows
    components = head.components
    step = head.step
    offset = head.offset
    let blocks = Self.blocks(rows: rows.count, blockLength: frame.blockLength)
    blockCodes = head.hasBlockCodes ? Array(try parser.take(blocks)) : []
    let stream = Array(try parser.take(head.coefficientBytes))
    let exact = Array(try parser.take(head.exactBytes))
    try parser.expect(0)
    symbols = try CoefficientCoder.decode(stream, rows: components * frame.blockLength, rowLength: blocks)
    let raw = frame.exactFeatures.count * rows.count * elementSize
    exactBytes = raw == 0 && exact.isEmpty ? [] : try PlanedLZ4.decode(exact, elementSize: elementSize, rawCount: raw)
  }
}
