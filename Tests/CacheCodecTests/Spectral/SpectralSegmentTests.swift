import Coding
import Foundation
import KVCacheModel
import SpectralTransform
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct SpectralSegmentTests {
  private static func parse(_ bytes: [UInt8], frame: SpectralFrame = SpectralCases.frame()) throws -> SpectralSegment {
    try SpectralSegment(parsing: bytes, rows: 2..<12, frame: frame, elementSize: 2, place: "here")
  }
  private static let good = SpectralCases.segment().encoded(blockLength: 4, elementSize: 2).bytes

  @Test func segmentsComeBack() throws {
    for codes in [[], [0, 9, 255] as [UInt8]] {
      for components in [0, 1, 5, 12] {
        let segment = SpectralCases.segment(codes: codes, components: components)
        let encoded = segment.encoded(blockLength: 4, elementSize: 2)
        #expect(try Self.parse(encoded.bytes) == segment)
        #expect(encoded.bytes.count == 32 + codes.count + encoded.coefficientBytes + encoded.exactBytes)
        #expect((0..<components).allSatisfy(segment.liveComponents(blockLength: 4).contains))
      }
    }
    var plain = SpectralCases.segment()
    plain.exactBytes = []
    let encoded = plain.encoded(blockLength: 4, elementSize: 2)
    #expect(encoded.exactBytes == 0)
    #expect(try Self.parse(encoded.bytes, frame: SpectralCases.frame(exactFeatures: [])) == plain)
  }

  @Test func fieldsOutsideTheirRange() {
    func refused(_ place: Int, _ bits: UInt32, _ field: String, _ declared: String, _ allowed: String) {
      let error = CodecError.badValue(place: "here", field: field, declared: declared, allowed: allowed)
      #expect(throws: error) { try Self.parse(SpectralCases.put(bits.littleEndian, place, in: Self.good)) }
    }
    for count: UInt32 in [13, .max] { refused(0, count, "components", "\(count)", "at most 12") }
    for step in [Float(0), -0.0, -1, .nan, .infinity] {
      refused(4, step.bitPattern, "step", "\(step)", "a positive number")
    }
    for offset in [Float(0.5).nextUp, -0.6, .nan, -.infinity] {
      refused(8, offset.bitPattern, "offset", "\(offset)", "-0.5…0.5")
    }
    for flags: UInt32 in [2, .max] { refused(12, flags, "flags", "\(flags)", "0 or 1") }
    for (place, field) in [(16, "coefficient bytes"), (24, "exact bytes")] {
      let left = Self.good.count - place - 8
      for declared in [UInt64(left + 1), .max] {
        let error = CodecError.badValue(
          place: "here", field: field, declared: "\(declared)", allowed: "at most the \(left) bytes left")
        #expect(throws: error) { try Self.parse(SpectralCases.put(declared.littleEndian, place, in: Self.good)) }
      }
    }
  }

  @Test func truncationsAreRefused() {
    for count in 0..<Self.good.count {
      #expect(throws: (any Error).self, "\(count)") { try Self.parse(Array(Self.good[..<count])) }
    }
    #expect(throws: CodecError.trailingBytes(place: "here", count: 2)) { try Self.parse(Self.good + [0, 0]) }
  }

  /// A stream that names models of another stream has none here.
  @Test func modelsFromElsewhere() {
    let values = [Int16](repeating: 1, count: 60)
    let stream = CoefficientCoder.encode(
      values, rows: 20, rowLength: 3, shared: CoefficientModels(for: values, rows: 20, rowLength: 3))
    var writer = ByteWriter()
    for number in [5, Float(1).bitPattern, 0, 0] as [UInt32] { writer.append(number) }
    writer.append(UInt64(stream.count))
    writer.append(UInt64(0))
    writer.append(stream)
    #expect(throws: CodingError.corrupt(part: "coefficient models", offset: 0)) { try Self.parse(writer.bytes) }
  }

  /// No bit that is wrong ends the process; what parses can be decoded.
  @Test func flippedBitsThrowOrParse() {
    let transform = SegmentTransform(
      basis: QuantisedBasis(dimension: 12, integers: []).vectors(), features: 12, blockLength: 4)
    var refused = 0
    for bit in 0..<8 * Self.good.count {
      var flipped = Self.good
      flipped[bit / 8] ^= 1 << (bit % 8)
      do {
        let segment = try Self.parse(flipped)
        var features = [Float](repeating: 0, count: 120)
        transform.inverse(segment, into: &features)
      } catch is CodecError { refused += 1 } catch is CodingError { refused += 1 } catch { Issue.record(error) }
    }
    #expect(refused > 8 * Self.good.count / 4)
  }

  /// 2^(code/8), each within rounding of the power.
  @Test func factors() {
    for code in UInt8.min ... .max {
      #expect(abs(Double(SpectralSegment.factor(code)) / exp2(Double(code) / 8) - 1) <= 0x1p-24)
    }
  }

  @Test func blocks() {
    for rows in 0...40 {
      for n in 1...9 { #expect(SpectralSegment.blocks(rows: rows, blockLength: n) == (rows + n - 1) / n) }
    }
  }

  /// Rows with few coefficients go, and trailing components that are empty then.
  @Test func sparseRowsAreDropped() {
    var segment = SpectralSegment(
      rows: 0..<20, components: 3, step: 1, offset: 0, blockCodes: [],
      symbols: Array(repeating: 0, count: 60), exactBytes: [])
    // Ten blocks of two: rows 0 and 1 of component 0, rows 2 and 3 of component 1, rows 4 and 5 of component 2.
    for place in [0, 1, 10, 20, 21, 22, 40] { segment.symbols[place] = 1 }
    segment.dropSparseRows(blockLength: 2, below: 0.2)
    #expect(segment.components == 2)
    #expect(segment.symbols.indices.filter { segment.symbols[$0] != 0 } == [0, 1, 20, 21, 22])
    #expect(segment.symbols.count == 40)
    segment.dropSparseRows(blockLength: 2, below: 1)
    #expect(segment.components == 0 && segment.symbols.isEmpty)
  }

  /// A row with one large coefficient stays, however few it has.
  @Test func largeCoefficientsAreKept() {
    var segment = SpectralSegment(
      rows: 0..<20, components: 2, step: 1, offset: 0, blockCodes: [],
      symbols: Array(repeating: 0, count: 40), exactBytes: [])
    segment.symbols[3] = -3
    segment.symbols[13] = -4
    segment.symbols[33] = .min
    segment.dropSparseRows(blockLength: 2, below: 0.5)
    #expect(segment.symbols.indices.filter { segment.symbols[$0] != 0 } == [13, 33])
  }

  /// Every choice of blocks that do not fit: the parts and the exact rows cover the segment's rows once, and the parts hold
  /// its coefficients.
  @Test func partsCoverTheRows() {
    let (n, blocks, rows) = (2, 9, 5..<22)
    var segment = SpectralSegment(
      rows: rows, components: 2, step: 1, offset: 0, blockCodes: (0..<9).map { UInt8($0) },
      symbols: (0..<Int16(2 * n * blocks)).map { $0 + 1 }, exactBytes: [])
    for t in (2 * n - 1) * blocks + 4..<2 * n * blocks { segment.symbols[t] = 0 }
    for mask in 0..<1 << blocks {
      let isUnfit = (0..<blocks).map { mask >> $0 & 1 == 1 }
      let (parts, exact) = segment.parts(without: isUnfit, blockLength: n)
      #expect((parts.map(\.rows) + exact).flatMap(Array.init).sorted() == Array(rows))
      for part in parts {
        let first = (part.rows.lowerBound - rows.lowerBound) / n
        let count = SpectralSegment.blocks(rows: part.rows.count, blockLength: n)
        #expect((first..<first + count).allSatisfy { !isUnfit[$0] } && part.blockCodes.first == UInt8(first))
        for row in 0..<part.components * n {
          for b in 0..<count {
            #expect(part.symbols[row * count + b] == segment.symbols[row * blocks + first + b])
          }
        }
      }
    }
  }
}
