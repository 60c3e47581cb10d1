import CKernels
import CLZ4

extension PlanedLZ4 {
  /// The coded form of `bytes`, elements of `elementSize` (2 or 4) bytes, little-endian. Any byte count is allowed.
  ///
  /// - Parameter level: 0 for LZ4's fast compressor, 1…12 for LZ4 HC at that level. All decode alike.
  /// - Parameter entropy: whether planes may be entropy-coded where that is shorter than LZ4. Numbers gain most where
  ///   those of like size follow each other: features one after the other, each through all its tokens.
  /// - Parameter rowLength: the elements of such a feature, if the bytes are so ordered; a hint, it changes no meaning.
  public static func encode(
    _ bytes: [UInt8], elementSize: Int, level: Int = 0, entropy: Bool = true, rowLength: Int? = nil
  ) -> [UInt8] {
    bytes.withUnsafeBytes {
      encode($0, elementSize: elementSize, level: level, entropy: entropy, rowLength: rowLength)
    }
  }

  /// The coded form of `bytes`, as `encode` of an array gives it.
  public static func encode(
    _ bytes: UnsafeRawBufferPointer, elementSize: Int, level: Int = 0, entropy: Bool = true, rowLength: Int? = nil
  ) -> [UInt8] {
    checkElementSize(elementSize)
    precondition((0...12).contains(level), "LZ4 level must be 0…12, not \(level)")
    let blocks = (bytes.count + blockBytes - 1) / blockBytes
    var output = [UInt8](repeating: 0, count: blocks * elementSize * entryBytes)
    output.reserveCapacity(output.count + bytes.count)
    let widest = min(bytes.count, blockBytes)
    var planes = [UInt8](repeating: 0, count: widest)
    var scratch = [UInt8](repeating: 0, count: planeBytes(widest, 0, elementSize))
    for block in 0..<blocks {
      let raw = UnsafeRawBufferPointer(rebasing: bytes[block * blockBytes..<min((block + 1) * blockBytes, bytes.count)])
      planes.withUnsafeMutableBytes {
        fkv_planes_split(
          raw.baseAddress!.assumingMemoryBound(to: UInt8.self), $0.baseAddress!.assumingMemoryBound(to: UInt8.self),
          raw.count, elementSize)
      }
      var start = 0
      for plane in 0..<elementSize {
        let count = planeBytes(raw.count, plane, elementSize)
        let (method, stored) = planes[start..<start + count].withUnsafeBytes { source in
          append(source, to: &output, scratch: &scratch, level: level, entropy: entropy, rowLength: rowLength)
        }
        let entry = (block * elementSize + plane) * entryBytes
        output[entry] = method.rawValue
        for byte in 0..<4 { output[entry + 1 + byte] = UInt8(truncatingIfNeeded: stored >> (8 * byte)) }
        start += count
      }
    }
    return output
  }

  /// Appends one plane in its smallest form; returns the form and its bytes.
  private static func append(
    _ plane: UnsafeRawBufferPointer, to output: inout [UInt8], scratch: inout [UInt8], level: Int, entropy: Bool,
    rowLength: Int?
  ) -> (Method, Int) {
    let packed = scratch.withUnsafeMutableBytes { compress(plane, into: $0, level: level) }
    let shortest = packed > 0 ? packed : plane.count
    // What fits the entropy coder's states in fewer bytes is not worth trying.
    if entropy, shortest > ByteEntropyCoder.headerBytes {
      let coded = ByteEntropyCoder.encode(plane, segment: rowLength, below: shortest)
      if let coded, coded.count * largestExpansion >= plane.count {
        output += coded
        return (.entropy, coded.count)
      }
    }
    guard packed > 0 else {
      output += plane
      return (.raw, plane.count)
    }
    output += scratch[..<packed]
    return (.lz4, packed)
  }

  /// The bytes of the LZ4 block written to `target`, or 0 if it is not smaller than `source`.
  private static func compress(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, level: Int
  ) -> Int {
    guard source.count > 1 else { return 0 }
    let from = source.baseAddress!.assumingMemoryBound(to: CChar.self)
    let to = target.baseAddress!.assumingMemoryBound(to: CChar.self)
    let room = Int32(source.count - 1)
    let stored =
      level == 0
      ? LZ4_compress_default(from, to, Int32(source.count), room)
      : LZ4_compress_HC(from, to, Int32(source.count), room, Int32(level))
    return max(0, Int(stored))
  }
}
