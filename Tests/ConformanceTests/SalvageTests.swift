import CacheCodec
import FKVFormat
import Foundation
import KVCacheModel
import TestSupport
import Testing

/// Damage of any kind in a file costs the rows of the sections that it lies in, and no others.
@Suite struct SalvageTests {
  /// What was done to the files of a share, and what came of it.
  private struct Count {
    var files = 0
    var unopened = 0
    var lost = 0
    var rows = 0
  }

  @Test(arguments: 0..<8) func intactRowsComeBackExactly(share: UInt64) throws {
    let scratch = ScratchFolder()
    var generator = RepeatableGenerator(seed: 9000 + share)
    var count = Count()
    var seed = 50_000 + 1000 * share
    while count.files < 125 {
      seed += 1
      let file = GeneratedFile(seed: seed)
      guard file.cache.description.geometry.tokens > 4 else { continue }
      let basis: String?
      do { basis = try file.write(to: scratch.file("whole.fkv")) } catch is CodecError { continue }
      let model = try basis.map { try ModelBasisFile.read($0) }
      let whole = try FKVCache(path: scratch.file("whole.fkv")) { _ in model }
      let decoded = try whole.decodeAll()
      let bytes = try Comparison.bytes(scratch.file("whole.fkv"))
      for _ in 0..<10 {
        count.files += 1
        let damaged = Self.damaged(bytes, &generator)
        try Data(damaged).write(to: URL(fileURLWithPath: scratch.file("damaged.fkv")))
        try check(
          scratch.file("damaged.fkv"), damaged: zip(bytes, damaged).enumerated().compactMap { $1.0 == $1.1 ? nil : $0 },
          isCut: damaged.count < bytes.count, whole: whole, decoded, model, &count)
      }
    }
    #expect(count.files >= 125 && count.rows > 1000 && count.lost > 20, "\(count)")
  }

  /// Bits flipped, a stretch of zeros or noise, a cut.
  private static func damaged(_ bytes: [UInt8], _ generator: inout RepeatableGenerator) -> [UInt8] {
    var damaged = bytes
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: damaged.removeLast(Int.random(in: 1...bytes.count, using: &generator))
    case 1...4:
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        damaged[Int.random(in: bytes.indices, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
    default:
      let first = Int.random(in: bytes.indices, using: &generator)
      let length = min(Int.random(in: 1...300, using: &generator), bytes.count - first)
      let isNoise = Bool.random(using: &generator)
      for place in first..<first + length {
        damaged[place] = isNoise ? UInt8.random(in: 0...255, using: &generator) : 0
      }
    }
    return damaged
  }

  private func check(
    _ path: String, damaged: [Int], isCut: Bool, whole: FKVCache, _ decoded: MemoryCache, _ model: ModelBasis?,
    _ count: inout Count
  ) throws {
    let reader = whole.reader
    // What lies outside of sections but the header's: prologue, header, directory.
    let body = 64..<reader.sections[reader.sections.count - 1].offset
    let opened = Result { try FKVCache(path: path, salvaging: true) { _ in model } }
    if isCut || damaged.contains(where: { !body.contains($0) }) {
      #expect(throws: FormatError.self) { try opened.get() }
      count.unopened += 1
      return
    }
    let cache = try opened.get()
    func isHit(_ entry: SectionEntry) -> Bool {
      damaged.contains { (entry.offset..<entry.offset + entry.fileBytes).contains($0) }
    }
    let hits = reader.sections.filter(isHit)
    #expect(try cache.reader.verifyAll().map(\.section.id) == hits.map(\.id))
    #expect((cache.tokenError != nil) == hits.contains { $0.kind == .tokens })
    #expect(cache.tokenError != nil || cache.description.tokens == whole.description.tokens)
    var named = cache.tokenError == nil ? 0 : 1
    for (group, layers) in cache.layerGroups.enumerated() {
      for kind in CacheKind.allCases {
        let (tensors, losses) = try cache.salvage(kind, group: group)
        count.lost += losses.count
        named += losses.count
        #expect(losses.allSatisfy { $0.layers == layers && $0.kind == kind && !$0.rows.isEmpty })
        for (tensor, layer) in zip(tensors, layers) {
          let original = decoded.tensor(kind, layer: layer)
          for row in 0..<tensor.tokens {
            let isLost = losses.contains { $0.rows.contains(row) }
            let found = tensor.rows(row..<row + 1).bytes
            if isLost {
              #expect(found.allSatisfy { $0 == 0 })
            } else {
              count.rows += 1
              if found != original.rows(row..<row + 1).bytes {
                Issue.record("layer \(layer) \(kind.name)s row \(row) differs; lost: \(losses)")
              }
            }
          }
        }
      }
    }
    // Each damaged section is named, unless its group's frame is lost as well, which counts for all of them; no other is.
    #expect(named <= hits.count && (named > 0) == !hits.isEmpty, "\(named) losses, \(hits.map(\.id)) damaged")
  }
}
