import CKernels

/// Order-0 entropy coding of bytes whose distribution changes along the way: segments of equal length, each with its own
/// table. The bytes are described in formats/coding.md, "Entropy-coded bytes".
enum ByteEntropyCoder {
  /// Segment length u32, table bytes u32, 32 states u32.
  static let headerBytes = 8 + 128

  /// The shortest segment that a decoder accepts: a table costs it work, however few bytes the table serves.
  static let shortestSegment = 1024

  /// The shortest segment that is tried where none is asked for; the others are its doubles.
  private static let firstSegment = 4096

  /// The coded form of `plane`, at least one byte, with segments of the length that codes shortest: a power of two, or the
  /// least multiple of `segment` that a decoder accepts. Nil if that is not below `limit` bytes.
  static func encode(_ plane: UnsafeRawBufferPointer, segment: Int? = nil, below limit: Int = .max) -> [UInt8]? {
    var best: (length: Int, tables: [ByteTable], cost: Double)?
    func consider(_ length: Int, _ counts: [[UInt32]]) {
      let tables = counts.map { ByteTable(counts: $0) }
      let cost = zip(tables, counts).reduce(0.0) { $0 + Self.cost($1.0, $1.1) }
      if best == nil || cost < best!.cost { best = (length, tables, cost) }
    }
    if let segment, segment > 0, segment < plane.count {
      let length = (shortestSegment - 1) / segment * segment + segment
      consider(length, counts(plane, length))
    }
    var length = firstSegment
    var merged = counts(plane, length)
    consider(length, merged)
    while merged.count > 1 {
      length *= 2
      merged = stride(from: 0, to: merged.count, by: 2).map { first in
        first + 1 < merged.count ? zip(merged[first], merged[first + 1]).map { $0 + $1 } : merged[first]
      }
      consider(length, merged)
    }
    guard best!.cost / 8 + Double(headerBytes) < Double(limit) else { return nil }
    let coded = write(plane, best!.length, best!.tables)
    return coded.count < limit ? coded : nil
  }

  private static func counts(_ plane: UnsafeRawBufferPointer, _ length: Int) -> [[UInt32]] {
    stride(from: 0, to: plane.count, by: length).map { first in
      [UInt32](unsafeUninitializedCapacity: 256) { buffer, initialized in
        fkv_bytes_count(
          plane.baseAddress!.assumingMemoryBound(to: UInt8.self) + first, min(length, plane.count - first),
          buffer.baseAddress!)
        initialized = 256
      }
    }
  }

  /// Bits of a segment counted as `counts` under `table`, those of the table included.
  private static func cost(_ table: ByteTable, _ counts: [UInt32]) -> Double {
    var cost = Double(table.bitCount)
    for value in 0..<256 where counts[value] > 0 {
      cost += Double(counts[value]) * Double(costs[Int(table.frequencies[value])]) / 1024
    }
    return cost
  }

  /// The cost of a byte by its frequency, in 2^-10 bits; of no meaning for frequency 0.
  private static let costs: [UInt32] = (0...4096).map { $0 == 0 ? 0 : RansTables.cost(UInt16($0)) - 3 * 1024 }

  private static func write(_ plane: UnsafeRawBufferPointer, _ length: Int, _ tables: [ByteTable]) -> [UInt8] {
    var tableBits = BitWriter()
    for table in tables { table.append(to: &tableBits) }
    var states = [UInt32](repeating: 1 << 16, count: 32)
    let room = 2 * plane.count
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
    defer { buffer.deallocate() }
    var words = buffer + room
    let source = plane.baseAddress!.assumingMemoryBound(to: UInt8.self)
    for (index, table) in tables.enumerated().reversed() {
      let first = index * length
      words = fkv_bytes_encode(
        &states, table.frequencies, source + first, min(length, plane.count - first), first, words)
    }
    var output: [UInt8] = []
    for value in [UInt32(length), UInt32(tableBits.bytes.count)] + states {
      for byte in 0..<4 { output.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    output += tableBits.bytes
    output += UnsafeBufferPointer(start: words, count: buffer + room - words)
    return output
  }

  /// Fills `plane` with what `coded` holds; false if it is not the coded form of that many bytes.
  static func decode(_ coded: UnsafeRawBufferPointer, into plane: UnsafeMutableRawBufferPointer) -> Bool {
    guard coded.count >= headerBytes, let base = coded.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
      return false
    }
    func number(_ offset: Int) -> UInt32 {
      UInt32(littleEndian: coded.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    let length = Int(number(0))
    let tableBytes = Int(number(4))
    var states = (0..<32).map { number(8 + 4 * $0) }
    guard length >= shortestSegment, tableBytes <= coded.count - headerBytes, states.allSatisfy({ $0 >= 1 << 16 })
    else {
      return false
    }
    var bits = BitReader(UnsafeRawBufferPointer(rebasing: coded[headerBytes..<headerBytes + tableBytes]))
    var words = base + headerBytes + tableBytes
    let end = base + coded.count
    let target = plane.baseAddress!.assumingMemoryBound(to: UInt8.self)
    for first in stride(from: 0, to: plane.count, by: length) {
      guard let table = ByteTable(from: &bits),
        let next = fkv_bytes_decode(
          &states, table.frequencies, words, end, target + first, min(length, plane.count - first), first)
      else { return false }
      words = UnsafePointer(next)
    }
    return bits.isAtEnd && words == end && states.allSatisfy { $0 == 1 << 16 }
  }
}
