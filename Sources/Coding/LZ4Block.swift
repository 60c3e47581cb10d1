import CLZ4

/// One LZ4 block of any bytes, as the library makes it: no planes, no frame, no checksum.
public enum LZ4Block {
  /// The LZ4 block of `bytes`; larger than they are if they do not compress.
  ///
  /// - Parameter level: 0 for the fast compressor, 1…12 for LZ4 HC at that level.
  /// - Precondition: at most 2,113,929,216 bytes (LZ4_MAX_INPUT_SIZE).
  public static func encode(_ bytes: [UInt8], level: Int = 0) -> [UInt8] {
    precondition((0...12).contains(level) && bytes.count <= 0x7E00_0000)
    let bound = Int(LZ4_compressBound(Int32(bytes.count)))
    return [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      let stored = bytes.withUnsafeBytes { source -> Int32 in
        let to = UnsafeMutableRawPointer(target.baseAddress!).assumingMemoryBound(to: CChar.self)
        guard let from = source.baseAddress?.assumingMemoryBound(to: CChar.self) else {
          return LZ4_compress_default(to, to, 0, Int32(bound))
        }
        return level == 0
          ? LZ4_compress_default(from, to, Int32(source.count), Int32(bound))
          : LZ4_compress_HC(from, to, Int32(source.count), Int32(bound), Int32(level))
      }
      precondition(stored > 0, "LZ4 refused a buffer of its own bound")
      count = Int(stored)
    }
  }

  /// The `count` bytes that a block holds; nil if it is damaged or holds another number of bytes.
  public static func decode(_ block: [UInt8], count: Int) -> [UInt8]? {
    precondition(count >= 0 && count <= 0x7E00_0000)
    guard block.count <= Int(Int32.max), count <= block.count * 255 else { return nil }
    var output = [UInt8](repeating: 0, count: max(count, 1))
    let decoded = block.withUnsafeBytes { source in
      output.withUnsafeMutableBytes { target in
        LZ4_decompress_safe(
          source.baseAddress?.assumingMemoryBound(to: CChar.self),
          target.baseAddress!.assumingMemoryBound(to: CChar.self), Int32(source.count), Int32(count))
      }
    }
    guard decoded == count, block.withUnsafeBytes(LZ4Distances.arePositive) else { return nil }
    if count == 0 { output.removeLast() }
    return output
  }
}
