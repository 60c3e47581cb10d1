import CKernels
import CLZ4

/// Lossless coding of arrays of 2- or 4-byte numbers: byte planes, each compressed by itself.
///
/// Byte i of an element goes to plane i, so that the bytes that hold sign and exponent stand together and those that
/// hold the end of the mantissa, which no coder can shorten, stand apart. The input is cut into blocks of `blockBytes`;
/// each plane of each block is stored by the method that makes it smallest. The bytes are described in
/// formats/coding.md, "Byte planes".
public enum PlanedLZ4 {
  /// Raw bytes in a block; the last block may be shorter.
  public static let blockBytes = 1 << 22

  /// How one plane of one block is stored.
  enum Method: UInt8, CaseIterable {
    /// The bytes themselves.
    case raw = 0
    /// One LZ4 block (not frame).
    case lz4 = 1
    /// rANS with order-0 tables (`ByteEntropyCoder`).
    case entropy = 2
  }

  /// A compressed plane may hold at most this many times its stored bytes: what LZ4 can reach, and so the most that a
  /// decoder ever allocates for the bytes it was given.
  static let largestExpansion = 255

  /// Bytes of one directory entry: method u8, stored bytes u32.
  static let entryBytes = 5

  /// The bytes of plane `plane` in a block of `count` bytes.
  static func planeBytes(_ count: Int, _ plane: Int, _ elementSize: Int) -> Int {
    (count + elementSize - 1 - plane) / elementSize
  }

  static func checkElementSize(_ elementSize: Int) {
    precondition(elementSize == 2 || elementSize == 4, "element size must be 2 or 4, not \(elementSize)")
  }
}
