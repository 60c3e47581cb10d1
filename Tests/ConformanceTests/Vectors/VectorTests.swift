import CacheCodec
import FKVFormat
import Foundation
import KVCacheModel
import ReferenceDecoder
import Testing

/// The files of formats/vectors. They are never made again once they are there: see `VectorMaker`.
@Suite struct VectorTests {
  /// The manifest's first rows as they were released, and the hash of their lines. A row is never changed or removed;
  /// more may follow, and then this number grows.
  private static let released = (rows: 317, hash: "c6ef78f6dc9fac96")

  @Test func releasedRowsNeverChange() throws {
    #expect(try Vectors.rows().count == Self.released.rows)
    let lines = try String(contentsOf: Vectors.manifest, encoding: .utf8).split(separator: "\n").dropFirst()
      .prefix(Self.released.rows).map { $0.hasSuffix(",") ? $0.dropLast() : $0 }
    #expect(Vectors.hexadecimal(XXH3.hash(Array(lines.joined(separator: "\n").utf8))) == Self.released.hash)
  }

  @Test func theFolderHoldsWhatTheManifestLists() throws {
    let rows = try Vectors.rows()
    var listed = Set(rows.map(\.file))
    #expect(listed.count == rows.count)
    var total = 0
    for row in rows {
      let bytes = try Comparison.bytes(Vectors.path(row.file))
      #expect(row.bytes == bytes.count && row.xxh3 == Vectors.hexadecimal(XXH3.hash(bytes)), "\(row.file)")
      total += bytes.count
      guard let numbers = row.expected?.numbers else { continue }
      let expected = try Comparison.bytes(Vectors.path(numbers))
      #expect(row.expected?.numbersHash == Vectors.hexadecimal(XXH3.hash(expected)), "\(numbers)")
      listed.insert(numbers)
      total += expected.count
    }
    #expect(total < 1_500_000)
    for kind in ["valid", "invalid"] {
      let names = try FileManager.default.contentsOfDirectory(atPath: Vectors.path(kind))
      #expect(Set(names.map { "\(kind)/\($0)" }) == listed.filter { $0.hasPrefix("\(kind)/") })
      #expect(rows.count { $0.file.hasPrefix("\(kind)/") } >= (kind == "valid" ? 40 : 60))
    }
    let sections = try ReferenceDecoderTests.sections()
    for row in rows {
      #expect(row.sections.split(separator: " ").allSatisfy { sections.contains(String($0)) }, "\(row.file)")
      #expect((row.expected == nil) == row.file.hasPrefix("invalid/") && (row.refused == nil) != (row.expected == nil))
    }
  }

  @Test func bothDecodersFindWhatIsExpected() throws {
    for row in try Vectors.rows() {
      guard let expected = row.expected else { continue }
      if row.file.hasSuffix(".fkvbasis") {
        let product = try ModelBasisFile.read(Vectors.path(row.file))
        let reference = try ReferenceBasis(Comparison.bytes(Vectors.path(row.file)), tables: Comparison.tables)
        #expect(product.hash == reference.hash)
        #expect(product.keys.map { $0.weights.map { Double($0) } } == reference.keys.map(\.weights))
        #expect(product.keys.map { $0.basis.integers.map { $0.map(Int.init) } } == reference.keys.map(\.integers))
        #expect(product.values.map { $0.basis.integers.map { $0.map(Int.init) } } == reference.values.map(\.integers))
        continue
      }
      let basis = row.basis.map { Vectors.path($0) }
      let comparison = try Comparison(path: Vectors.path(row.file), basis: basis)
      #expect(comparison.differences == [], "\(row.file)")
      try expectStored(expected, VectorMaker.expectation(row.file, basis: row.basis), row.file)
      let model = try basis.map { try ModelBasisFile.read($0) }
      let all = try FKVCache(path: Vectors.path(row.file)) { _ in model }.decodeAll()
      let tensors = all.description.geometry.layers.indices.flatMap { [all.keys[$0], all.values[$0]] }
      if let hash = expected.tensorsHash {
        #expect(Vectors.hexadecimal(XXH3.hash(tensors.flatMap(\.bytes))) == hash, "\(row.file)")
        continue
      }
      let numbers = try Comparison.bytes(Vectors.path(expected.numbers!)).doubles
      let decoded = tensors.flatMap { $0.floats() }.map { Double($0) }
      try #require(numbers.count == decoded.count)
      let errors = zip(numbers, decoded).filter { !$0.0.isNaN }.map { abs($0.0 - $0.1) }
      #expect(errors.max() ?? 0 <= expected.peakLimit!, "\(row.file)")
      let rms = (errors.reduce(0) { $0 + $1 * $1 } / Double(max(errors.count, 1))).squareRoot()
      #expect(rms <= expected.rmsLimit!, "\(row.file)")
    }
  }

  /// The second decoder finds what is stored. Cosines may differ in the last bits from one C library to another, which is
  /// far below what a decoder may differ by.
  private func expectStored(
    _ stored: VectorRow.Expected, _ found: (row: VectorRow.Expected, numbers: [UInt8]), _ file: String
  ) throws {
    var row = found.row
    (row.numbersHash, row.rmsLimit, row.peakLimit) = (stored.numbersHash, stored.rmsLimit, stored.peakLimit)
    #expect(row == stored, "\(file)")
    guard let path = stored.numbers, let rms = stored.rmsLimit, let peak = stored.peakLimit else { return }
    let (own, other) = (found.numbers.doubles, try Comparison.bytes(Vectors.path(path)).doubles)
    try #require(own.count == other.count)
    #expect(zip(own, other).allSatisfy { $0.isNaN == $1.isNaN && ($0.isNaN || abs($0 - $1) <= 1e-6 * peak) }, "\(file)")
    #expect(
      abs(found.row.rmsLimit! - rms) <= 1e-9 * rms && abs(found.row.peakLimit! - peak) <= 1e-9 * peak, "\(file)")
  }

  /// Rows that no coefficient can hold lie between segments, and the vectors are about them.
  @Test(arguments: [
    ("rows-inside-a-segment", [0..<2, 20..<22, 56..<60], [0..<2, 12..<14, 30..<32, 56..<60]),
    ("rows-in-the-window", [0..<2, 46..<50], [0..<2, 46..<52]),
    ("segment", [0..<2, 10..<18], [0..<2, 18..<26, 56..<60]),
    ("segments-of-fine-steps", [0..<21], [0..<21]),
    ("rows-appended", [0..<2, 46..<50, 50..<60], [0..<2, 46..<50, 50..<60]),
  ]) func exactRowsBetweenSegments(name: String, keys: [Range<Int>], values: [Range<Int>]) throws {
    let file = try FKVCache(path: Vectors.path("valid/spectral-exact-\(name).fkv"))
    #expect(try file.spectralLayer(.key, layer: 0).exactRows == keys)
    #expect(try file.spectralLayer(.value, layer: 0).exactRows == values)
  }

  @Test func bothDecodersRefuse() throws {
    for row in try Vectors.rows() {
      guard let refused = row.refused else { continue }
      let found = try #require(VectorMaker.productError(row.file, basis: row.basis), "\(row.file) is decoded")
      #expect(found == refused, "\(row.file)")
      let reference = VectorMaker.referenceError(row.file, basis: row.basis)
      #expect(reference != nil, "\(row.file) is decoded by the second decoder")
      #expect(reference?.code == refused.code, "\(row.file): \(reference!) instead of \(refused)")
    }
  }

  /// `FKV_MAKE_VECTORS=1 swift test --filter VectorTests` adds the files of `ValidVectors` and `InvalidVectors` that are
  /// not there yet.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["FKV_MAKE_VECTORS"] != nil, "FKV_MAKE_VECTORS is not set"))
  func makeMissingVectors() throws {
    try VectorMaker.makeMissing()
  }
}

extension [UInt8] {
  /// Numbers of §2.1, f64 side by side.
  var doubles: [Double] {
    stride(from: 0, to: count, by: 8).map { Double(bitPattern: EditableFile.number(self, $0, 8)) }
  }
}
