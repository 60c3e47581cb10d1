@testable import CacheCodec
@testable import FKVFormat

/// Header records: their structure, every getter, and what caches and bases read from them.
enum RecordTarget {
  static let all = FuzzTarget(
    name: "record", mostBytes: 2048, memory: MemoryCap(fixed: MemoryCap.layers),
    seeds: {
      let files =
        try SampleFiles.bytes(in: "\(SampleFiles.vectors)/valid", ending: ".fkv", most: 8192)
        + SampleFiles.bytes(in: "\(SampleFiles.vectors)/valid", ending: ".fkvbasis")
      return Set(files.compactMap { ContainerParts($0)?.sections.last?.payload }.filter { $0.count <= 2048 })
        .sorted { $0.lexicographicallyPrecedes($1) }
    },
    mutation: { bytes, changes in
      changes.once(in: 8) ? changes.changed(bytes) : ContainerChanges.record(bytes, &changes)
    },
    mayThrow: { $0 is FormatError || $0 is CodecError },
    run: { bytes, _ in
      let record = try RecordReader(parsing: Array(bytes), name: "header")
      try readEverything(record, depth: 0)
      if record.has(BasisTag.marker) {
        _ = try BasisHeader(parsing: record)
      } else {
        _ = try CacheHeader(parsing: record)
      }
    })

  /// Every getter on every field; a field is read as all that it is not, too.
  private static func readEverything(_ record: RecordReader, depth: Int) throws {
    func allowing(_ body: () throws -> Void) throws {
      do { try body() } catch let error as FormatError { _ = error }
    }
    for tag in record.tags.prefix(40) {
      try allowing { _ = try record.bool(tag) }
      try allowing { _ = try record.u16(tag) }
      try allowing { _ = try record.u32s(tag) }
      try allowing { _ = try record.f64s(tag) }
      try allowing { _ = try record.string(tag) }
      try allowing { _ = try record.strings(tag) }
      try allowing { _ = try record.bytes(tag) }
      guard depth < 2 else { continue }
      try allowing { for nested in try record.records(tag) { try readEverything(nested, depth: depth + 1) } }
    }
  }
}
