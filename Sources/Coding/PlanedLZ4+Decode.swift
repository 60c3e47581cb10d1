import CKernels
import CLZ4

extension PlanedLZ4 {
  /// The `rawCount` bytes that `coded` holds.
  ///
  /// Nothing is allocated before `rawCount` is known to be possible for the bytes given.
  ///
  /// - Throws: `CodingError`, each case, if `coded` is not the coded form of `rawCount` bytes.
  public static func decode(_ coded: [UInt8], elementSize: Int, rawCount: Int) throws -> [UInt8] {
    try coded.withUnsafeBytes { coded in
      let directory = try Directory(coded, elementSize: elementSize, rawCount: rawCount)
      return try [UInt8](unsafeUninitializedCapacity: rawCount) { buffer, initialized in
        try directory.decode(coded, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: rawCount))
        initialized = rawCount
      }
    }
  }

  /// Fills `target` with the bytes that `coded` holds; throws as `decode(_:elementSize:rawCount:)` does, `target` then
  /// holding nothing useful.
  public static func decode(
    _ coded: UnsafeRawBufferPointer, elementSize: Int, into target: UnsafeMutableRawBufferPointer
  ) throws {
    try Directory(coded, elementSize: elementSize, rawCount: target.count).decode(coded, into: target)
  }

  /// The checked directory of a coded array.
  private struct Directory {
    struct Entry {
      let method: Method
      let offset: Int
      let stored: Int
      let raw: Int
    }

    let elementSize: Int
    let rawCount: Int
    private(set) var entries: [Entry] = []

    init(_ coded: UnsafeRawBufferPointer, elementSize: Int, rawCount: Int) throws {
      checkElementSize(elementSize)
      guard rawCount >= 0 else {
        throw CodingError.impossibleSize(part: "byte planes", declared: rawCount, least: 0, most: .max)
      }
      self.elementSize = elementSize
      self.rawCount = rawCount
      let blocks = rawCount / blockBytes + (rawCount % blockBytes == 0 ? 0 : 1)
      let directoryBytes = blocks * elementSize * entryBytes
      guard directoryBytes <= coded.count else {
        throw CodingError.truncated(
          part: "plane directory", offset: 0, needed: directoryBytes, available: coded.count)
      }
      entries.reserveCapacity(blocks * elementSize)
      var offset = directoryBytes
      for index in 0..<blocks * elementSize {
        let blockCount = min(blockBytes, rawCount - index / elementSize * blockBytes)
        let raw = planeBytes(blockCount, index % elementSize, elementSize)
        let entry = try Self.entry(coded, index: index, offset: offset, raw: raw)
        entries.append(entry)
        offset += entry.stored
      }
      guard offset == coded.count else {
        throw CodingError.trailingBytes(offset: offset, count: coded.count - offset)
      }
    }

    private static func entry(_ coded: UnsafeRawBufferPointer, index: Int, offset: Int, raw: Int) throws -> Entry {
      let at = index * entryBytes
      let part = "plane \(index)"
      guard let method = Method(rawValue: coded[at]) else {
        throw CodingError.unknownMethod(part: part, offset: at, method: coded[at])
      }
      let stored = Int(UInt32(littleEndian: coded.loadUnaligned(fromByteOffset: at + 1, as: UInt32.self)))
      guard stored <= coded.count - offset else {
        throw CodingError.truncated(part: part, offset: offset, needed: stored, available: coded.count - offset)
      }
      let least = method == .raw ? raw : (raw + largestExpansion - 1) / largestExpansion
      let most = method == .raw ? raw : raw - 1
      guard stored >= least, stored <= most else {
        throw CodingError.impossibleSize(part: part, declared: stored, least: least, most: most)
      }
      return Entry(method: method, offset: offset, stored: stored, raw: raw)
    }

    func decode(_ coded: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) throws {
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: min(rawCount, blockBytes), alignment: 64)
      defer { scratch.deallocate() }
      for (block, first) in stride(from: 0, to: entries.count, by: elementSize).enumerated() {
        var filled = 0
        for index in first..<first + elementSize {
          let entry = entries[index]
          try Self.decode(
            entry, index: index, coded,
            into: UnsafeMutableRawBufferPointer(rebasing: scratch[filled..<filled + entry.raw]))
          filled += entry.raw
        }
        fkv_planes_join(
          scratch.baseAddress!.assumingMemoryBound(to: UInt8.self),
          (target.baseAddress! + block * blockBytes).assumingMemoryBound(to: UInt8.self), filled, elementSize)
      }
    }

    private static func decode(
      _ entry: Entry, index: Int, _ coded: UnsafeRawBufferPointer, into plane: UnsafeMutableRawBufferPointer
    ) throws {
      let source = UnsafeRawBufferPointer(rebasing: coded[entry.offset..<entry.offset + entry.stored])
      switch entry.method {
      case .raw:
        plane.copyMemory(from: source)
      case .lz4:
        let written = LZ4_decompress_safe(
          source.baseAddress!.assumingMemoryBound(to: CChar.self),
          plane.baseAddress!.assumingMemoryBound(to: CChar.self), Int32(entry.stored), Int32(entry.raw))
        guard Int(written) == entry.raw, LZ4Distances.arePositive(source) else {
          throw CodingError.corrupt(part: "plane \(index)", offset: entry.offset)
        }
      case .entropy:
        guard ByteEntropyCoder.decode(source, into: plane) else {
          throw CodingError.corrupt(part: "plane \(index)", offset: entry.offset)
        }
      }
    }
  }
}
