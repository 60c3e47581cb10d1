import Coding
import ComputeKernels
import KVCacheModel
import SpectralTransform

/// The coefficients of a run of tokens of a group's keys or values (formats/fkv.md §13.3).
struct SpectralSegment: Equatable, Sendable {
  /// Rows of the cache that the segment holds.
  var rows: Range<Int>
  /// C, leading components that are coded; the others are 0.
  var components: Int
  /// The quantiser's step, in units of weighted features.
  var step: Float
  /// What a coefficient other than 0 is put back beyond q·step, in steps: −½…½.
  var offset: Float
  /// For each block the exponent of its own factor of the step, 2^(code/8); empty where every factor is 1.
  var blockCodes: [UInt8]
  /// (C·N, blocks): row c·N + k is component c at frequency k.
  var symbols: [Int16]
  /// Exact features of the segment's rows as stored, feature by feature.
  var exactBytes: [UInt8]

  /// Blocks of N tokens that the rows take; the last is filled up.
  static func blocks(rows: Int, blockLength: Int) -> Int { (rows + blockLength - 1) / blockLength }

  /// The factor of a block's step.
  static func factor(_ code: UInt8) -> Float {
    Float(sign: .plus, exponent: Int(code / 8), significand: eighths[Int(code % 8)])
  }

  /// 2^(i/8).
  private static let eighths: [Float] = [
    1, 1.090507732665257659, 1.189207115002721067, 1.296839554651009665, 1.414213562373095049, 1.542210825407940824,
    1.681792830507429086, 1.834008086409342463,
  ]

  /// The section's bytes and how many of them are coefficients and exact features.
  func encoded(blockLength n: Int, elementSize: Int) -> (bytes: [UInt8], coefficientBytes: Int, exactBytes: Int) {
    let blocks = Self.blocks(rows: rows.count, blockLength: n)
    let stream = symbols.withUnsafeBufferPointer {
      CoefficientCoder.encode($0, rows: components * n, rowLength: blocks, period: n)
    }
    let exact = exactBytes.isEmpty ? [] : PlanedLZ4.encode(exactBytes, elementSize: elementSize)
    var writer = ByteWriter()
    writer.append(UInt32(components))
    writer.append(step)
    writer.append(offset)
    writer.append(UInt32(blockCodes.isEmpty ? 0 : 1))
    writer.append(UInt64(stream.count))
    writer.append(UInt64(exact.count))
    writer.append(blockCodes)
    writer.append(stream)
    writer.append(exact)
    return (writer.bytes, stream.count, exact.count)
  }
}
