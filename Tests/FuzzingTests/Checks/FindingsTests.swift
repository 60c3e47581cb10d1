import FileIO
import Testing

@testable import CacheCodec
@testable import FKVFormat

/// What fuzzing has found, each as the smallest input that shows it.
@Suite struct FindingsTests {
  private static func vector(_ name: String) throws -> [UInt8] {
    try SampleFiles.file("\(SampleFiles.vectors)/valid/\(name).fkv")
  }

  private static func attempt(_ target: FuzzTarget, _ bytes: [UInt8]) throws -> Bool {
    try bytes.withUnsafeBytes { try target.attempt($0) }.decoded
  }

  /// A section that named no tokens to say that it held all of them was copied as it was into the longer file, where it
  /// then claimed the new tokens too: `fkv append` wrote a file that no reader takes.
  @Test func sectionsOfAllTokensMayBeExtended() throws {
    #expect(try Self.attempt(ContainerTargets.appending, Self.vector("lossless-token-count-0-for-all")))
  }

  /// Segments are numbered, and a file may give one of them the highest number there is: the number after it trapped.
  @Test func theHighestNumberOfASegmentMayBeTaken() throws {
    var parts = try #require(ContainerParts(Self.vector("spectral-f16")))
    for index in parts.sections.indices where [50, 51].contains(parts.sections[index].kind) {
      guard parts.sections[index].head[8..<12].allSatisfy({ $0 == 0 }) else { continue }
      parts.sections[index].head.replaceSubrange(8..<12, with: [0xFF, 0xFF, 0xFF, 0xFF])
    }
    #expect(try Self.attempt(ContainerTargets.cache, parts.bytes))
    #expect(try Self.attempt(ContainerTargets.appending, parts.bytes))
  }

  /// A header may have 65,536 fields; one more, such as the writer's name where the file named none, trapped.
  @Test func fullHeadersAreRefusedWhenTheyGrow() throws {
    var parts = try #require(ContainerParts(Self.vector("lossless-without-stored-error")))
    let last = parts.sections.count - 1
    var fields = try #require(RecordParts(parts.sections[last].payload)).fields
    fields.removeAll { $0.head[0] == UInt8(HeaderTag.writer.rawValue) && $0.head[1] == 0 }
    let place = fields.firstIndex { ContainerParts.number($0.head, 0, 2) > UInt64(HeaderTag.setting.rawValue) } ?? 0
    let setting = RecordParts.Field(
      head: ContainerParts.little(UInt64(HeaderTag.setting.rawValue), 2) + [0, 0], payload: [])
    fields.insert(contentsOf: Array(repeating: setting, count: FormatLimits.fields - fields.count), at: place)
    parts.sections[last].payload = RecordParts(fields: fields).bytes
    parts.sections[last].rawBytes = UInt64(parts.sections[last].payload.count)
    let cache = try FKVCache(MemorySource(parts.bytes))
    #expect(cache.header.settings.count > 65_000)
    let count = FormatLimits.fields + 1
    #expect(throws: FormatError.tooManyFields(record: "header", offset: 0, count: count, limit: count - 1)) {
      try CacheExtender(cache, with: FollowingTokens(cache.description, count: 3), writer: "fkv", unchecked: true)
    }
    #expect(throws: FormatError.self) { try cache.write(storedError: nil, to: MemoryDestination()) }
  }
}
