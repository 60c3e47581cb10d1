import CacheCodec
import FKVFormat
import Foundation
import KVCacheModel
import TestSupport
import Testing

/// Damage of any kind in a file costs the rows of the sections that it lies in, and no others. `FKV_SALVAGE_FILES=8000`
/// damages more files.
@Suite struct SalvageTests {
  private static let files = ProcessInfo.processInfo.environment["FKV_SALVAGE_FILES"].flatMap(Int.init) ?? 1000
  private static let shares = 8

  /// What was done to the files of a share, and what came of it.
  private struct Count: CustomStringConvertible {
    var files = 0
    /// Opened by their directory, by a search for sections, not at all.
    var opened = 0
    var searched = 0
    var refused = 0
    var damagedSections = 0
    var lostRows = 0
    var exactRows = 0

    var description: String {
      "\(files) files: \(opened) opened by their directory, \(searched) by a search, \(refused) without a header; "
        + "\(damagedSections) sections damaged, \(lostRows) rows lost, \(exactRows) rows exact"
    }
  }

  @Test(arguments: 0..<shares) func intactRowsComeBackExactly(share: Int) throws {
    let scratch = ScratchFolder()
    var generator = RepeatableGenerator(seed: 9000 + UInt64(share))
    var count = Count()
    var seed = 50_000 + 1000 * UInt64(share)
    while count.files < Self.files / Self.shares {
      seed += 1
      let file = GeneratedFile(seed: seed)
      guard file.cache.description.geometry.tokens > 4 else { continue }
      let basis: String?
      do { basis = try file.write(to: scratch.file("whole.fkv")) } catch is CodecError { continue }
      let model = try basis.map { try ModelBasisFile.read($0) }
      let whole = try Whole(scratch.file("whole.fkv"), model)
      for _ in 0..<10 {
        count.files += 1
        let damage = Damage(whole.bytes, &generator)
        try Data(damage.bytes).write(to: URL(fileURLWithPath: scratch.file("damaged.fkv")))
        try check(scratch.file("damaged.fkv"), damage, whole, &count)
      }
    }
    if Self.files > 1000 { print("share \(share): \(count)") }
    #expect(count.exactRows > 1000 && count.lostRows > 20 && count.searched > 5, "\(count)")
  }

  /// A file as it was, and what it decodes to.
  private struct Whole {
    let bytes: [UInt8]
    let file: FKVCache
    let decoded: MemoryCache
    let model: ModelBasis?

    init(_ path: String, _ model: ModelBasis?) throws {
      bytes = try Comparison.bytes(path)
      file = try FKVCache(path: path) { _ in model }
      decoded = try file.decodeAll()
      self.model = model
    }
  }

  /// Flipped bits, a stretch of zeros or noise, a stretch cut out, the end cut off.
  private struct Damage {
    var bytes: [UInt8]
    private let whole: [UInt8]
    /// Bytes of the whole file that are gone or others.
    private var touched: [Range<Int>] = []
    /// Whether every other byte is where it was.
    private(set) var isInPlace = true

    init(_ whole: [UInt8], _ generator: inout RepeatableGenerator) {
      bytes = whole
      self.whole = whole
      let first = Int.random(in: whole.indices, using: &generator)
      let length = min(Int.random(in: 1...300, using: &generator), whole.count - first)
      switch Int.random(in: 0..<10, using: &generator) {
      case 0:
        touched = [first..<whole.count]
        isInPlace = false
      case 1, 2:
        touched = [first..<first + length]
        isInPlace = false
      case 3...5:
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          let place = Int.random(in: whole.indices, using: &generator)
          bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
      default:
        let isNoise = Bool.random(using: &generator)
        for place in first..<first + length {
          bytes[place] = isNoise ? UInt8.random(in: 0...255, using: &generator) : 0
        }
      }
      if isInPlace {
        touched = whole.indices.filter { bytes[$0] != whole[$0] }.map { $0..<$0 + 1 }
      } else {
        bytes.removeSubrange(touched[0])
      }
    }

    /// Whether the bytes that lay in `range` are not there any more, neither in their place nor where a cut moved them. A
    /// cut at the edge of a range may leave the same bytes as one next to it.
    func hits(_ range: Range<Int>) -> Bool {
      guard touched.contains(where: { $0.overlaps(range) }) else { return false }
      let moved = range.lowerBound - (whole.count - bytes.count)
      return ![range.lowerBound, moved].contains { start in
        start >= 0 && start + range.count <= bytes.count && bytes[start..<start + range.count] == whole[range]
      }
    }
    func hits(_ entry: SectionEntry) -> Bool { hits(entry.offset..<entry.offset + entry.fileBytes) }
  }

  private func check(_ path: String, _ damage: Damage, _ whole: Whole, _ count: inout Count) throws {
    let sections = whole.file.reader.sections
    let header = sections[sections.count - 1]
    let opened = Result { try FKVCache(path: path, salvaging: true) { _ in whole.model } }
    let isReadable =
      damage.isInPlace && !damage.hits(0..<64) && !damage.hits(header.payloadOffset..<whole.bytes.count)
    // A version that is none is taken at its word if the magic before it is right.
    let isOfAnotherVersion =
      damage.bytes.count >= 16 && damage.bytes[..<8] == whole.bytes[..<8] && damage.bytes[8..<16] != whole.bytes[8..<16]
    guard isReadable || !damage.hits(header) && !isOfAnotherVersion else {
      #expect(throws: FormatError.self) { try opened.get() }
      count.refused += 1
      return
    }
    let cache = try opened.get()
    let hits = sections.filter(damage.hits)
    count.damagedSections += hits.count
    if isReadable {
      count.opened += 1
      #expect(cache.reader.metadataError == nil)
      #expect(try cache.reader.verifyAll().map(\.section.id) == hits.map(\.id))
      #expect((cache.tokenError != nil) == hits.contains { $0.kind == .tokens })
    } else {
      count.searched += 1
      #expect(cache.reader.metadataError != nil && cache.tokenError == nil)
      #expect(cache.reader.sections.map(\.id) == sections.filter { !damage.hits($0) }.map(\.id))
      #expect(try cache.reader.verifyAll() == [])
    }
    #expect(
      cache.description.tokens == (hits.contains { $0.kind == .tokens } ? nil : whole.file.description.tokens))
    for (group, layers) in cache.layerGroups.enumerated() {
      for kind in CacheKind.allCases {
        let (tensors, losses) = try cache.salvage(kind, group: group)
        #expect(losses.allSatisfy { $0.layers == layers && $0.kind == kind && !$0.rows.isEmpty })
        try check(tensors, losses, kind, layers, hits, whole, &count)
      }
    }
  }

  /// Exactly the rows of damaged sections are named and zero; all others are what they were.
  private func check(
    _ tensors: [CacheTensor], _ losses: [SalvageLoss], _ kind: CacheKind, _ layers: Range<Int>,
    _ hits: [SectionEntry], _ whole: Whole, _ count: inout Count
  ) throws {
    let own: [SectionKind] =
      kind == .key
      ? [.losslessKeys, .fourierKeys, .spectralKeyFrame, .spectralKeys]
      : [.losslessValues, .fourierValues, .spectralValueFrame, .spectralValues]
    let tokens = tensors[0].tokens
    // A section that names no rows holds something of all of them.
    let damaged = hits.filter { $0.layer == layers.lowerBound && own.contains($0.kind) }.map {
      $0.tokens.isEmpty ? 0..<tokens : $0.tokens
    }
    for (tensor, layer) in zip(tensors, layers) {
      let original = whole.decoded.tensor(kind, layer: layer)
      for row in 0..<tensor.tokens {
        let isLost = losses.contains { $0.rows.contains(row) }
        if isLost != damaged.contains(where: { $0.contains(row) }) {
          Issue.record("layer \(layer) \(kind.name)s row \(row): damaged \(damaged), lost \(losses)")
        }
        let found = tensor.rows(row..<row + 1).bytes
        if isLost {
          count.lostRows += 1
          if found.contains(where: { $0 != 0 }) {
            Issue.record("layer \(layer) \(kind.name)s row \(row) is lost, not 0")
          }
        } else {
          count.exactRows += 1
          if found != original.rows(row..<row + 1).bytes {
            Issue.record("layer \(layer) \(kind.name)s row \(row) differs; lost: \(losses)")
          }
        }
      }
    }
  }
}
