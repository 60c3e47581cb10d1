import Coding
import FKVFormat
import FileIO
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

/// Basis files that are damaged, and some that no honest writer makes although their checksums are right.
@Suite struct ModelBasisHostileTests {
  private let scratch = ScratchFolder()
  private let basis: ModelBasis

  init() throws { basis = try BasisCases.basis() }

  private func good() throws -> [UInt8] {
    _ = try ModelBasisFile.write(basis, to: scratch.file("good"))
    let file = try FileReader(path: scratch.file("good"))
    return try file.read(at: 0, count: file.byteCount)
  }

  private func read(_ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.file("bad")))
    _ = try ModelBasisFile.read(scratch.file("bad"))
  }

  @Test func truncationsAreRefused() throws {
    let bytes = try good()
    try read(bytes)
    let boundaries = try FKVReader(path: scratch.file("good")).sections.flatMap {
      [$0.offset, $0.payloadOffset, $0.payloadOffset + 12, $0.offset + $0.fileBytes]
    }
    for count in Set(boundaries + [0, 1, 8, 63, 64, bytes.count - 1]).sorted() where count < bytes.count {
      #expect(throws: FormatError.self, "\(count) of \(bytes.count) bytes") { try read(Array(bytes[..<count])) }
    }
    #expect(throws: FormatError.self) { try read(bytes + [0]) }
  }

  /// Nothing of the file is outside a checksum.
  @Test func flippedBitsAreRefused() throws {
    let bytes = try good()
    for place in stride(from: 0, to: bytes.count, by: 13) {
      var flipped = bytes
      flipped[place] ^= 1 << (place % 8)
      #expect(throws: FormatError.self, "byte \(place) of \(bytes.count)") { try read(flipped) }
    }
  }

  /// Writes a file whose sections `edit` has changed, with right checksums, and reads it.
  private func read(
    header: RecordWriter? = nil,
    _ edit: (inout [(kind: SectionKind, layer: Int, raw: Int, payload: [UInt8])]) -> Void = { _ in }
  ) throws {
    var sections: [(kind: SectionKind, layer: Int, raw: Int, payload: [UInt8])] = []
    for (index, group) in basis.groups.enumerated() {
      for kind in CacheKind.allCases {
        let section = BasisSection(group: group, part: basis.part(kind, group: index))
        sections.append((.basis(kind), group.firstLayer, section.rawBytes, section.encoded))
      }
    }
    edit(&sections)
    let writer = try FKVWriter(path: scratch.file("bad"))
    for section in sections {
      try writer.add(section.kind, layer: section.layer, rawBytes: section.raw, payload: section.payload)
    }
    try writer.commit(header: header ?? BasisHeader(basis).record)
    _ = try ModelBasisFile.read(scratch.file("bad"))
  }

  private static let place = "section basis-keys layer 2"

  /// Replaces the 32-bit number at `offset` of the third section, the keys of layers 2 and 3.
  private func read(number value: UInt32, at offset: Int) throws {
    try read { sections in
      withUnsafeBytes(of: value.littleEndian) { sections[2].payload.replaceSubrange(offset..<offset + 4, with: $0) }
    }
  }

  @Test func headsThatCannotBe() throws {
    try read()
    func expect(_ field: String, _ declared: Int, _ allowed: String, at offset: Int) {
      #expect(
        throws: CodecError.badValue(place: Self.place, field: field, declared: "\(declared)", allowed: allowed)
      ) { try read(number: UInt32(declared), at: offset) }
    }
    for layers in [0, 1, 3, Int(UInt32.max)] { expect("layers", layers, "2", at: 0) }
    for features in [0, 31, 33, Int(UInt32.max)] { expect("features", features, "32", at: 4) }
    for reflectors in [33, Int(UInt32.max)] { expect("reflectors", reflectors, "0…32", at: 8) }
  }

  /// A number of reflectors that the directory's size does not bear out is found before it is allocated for.
  @Test func sizesThatDisagree() throws {
    let count = basis.keys[1].components
    #expect(count > 0 && count < 32)
    let declared = BasisSection(group: basis.groups[1], part: basis.keys[1]).rawBytes
    #expect { try read(number: UInt32(count + 1), at: 8) } throws: { error in
      guard case FormatError.rawBytes(_, _, declared, declared + 2 * (32 - count)) = error else { return false }
      return true
    }
    #expect { try read { $0[2].raw += 1 } } throws: { error in
      guard case FormatError.rawBytes(_, _, declared + 1, declared) = error else { return false }
      return true
    }
  }

  @Test func weightsThatCannotBe() throws {
    let error = CodecError.badValue(
      place: Self.place, field: "weights", declared: "zero, negative, NaN or extreme", allowed: "1e-30…1e30")
    for weight in [0, -1, Float.nan, .infinity, 1e-31, 1e31] {
      #expect(throws: error, "\(weight)") { try read(number: weight.bitPattern, at: 12 + 4) }
    }
  }

  @Test func streamsThatCannotBe() throws {
    let head = 12 + 4 * 4
    for count in [0, 1, 12, 13, head - 1] {
      #expect(throws: CodecError.self, "\(count)") {
        try read { $0[2].payload.removeLast($0[2].payload.count - count) }
      }
    }
    for cut in [1, 5] { #expect(throws: CodingError.self) { try read { $0[2].payload.removeLast(cut) } } }
    #expect(throws: CodingError.self) { try read { $0[2].payload.append(0) } }
    // All reflectors zero: no such reflector turns anything.
    let zeros = CoefficientCoder.encode(
      [Int16](repeating: 0, count: 32 * basis.keys[1].components), rows: basis.keys[1].components, rowLength: 32)
    #expect(
      throws: CodecError.badValue(
        place: Self.place, field: "reflector 0", declared: "all zero, or longer than it may be",
        allowed: "32 integers, not all 0")
    ) { try read { $0[2].payload.replaceSubrange(head..., with: zeros) } }
  }

  @Test func missingSections() throws {
    for index in 0..<4 {
      #expect(throws: CodecError.missingSection(layer: index / 2 * 2, kind: index % 2 == 0 ? .key : .value)) {
        try read { $0.remove(at: index) }
      }
    }
  }

  /// Writes a file with a header whose groups are `groups`: layers, heads and head dimension.
  private func read(groups: [[UInt32]], version: UInt16 = 1) throws {
    var header = RecordWriter()
    header.u16(BasisTag.marker, version, required: true)
    header.record(BasisTag.model, CacheHeader.record(basis.model), required: true)
    for group in groups {
      var nested = RecordWriter()
      for (tag, value) in zip([BasisTag.Group.layers, BasisTag.Group.kvHeads, BasisTag.Group.headDim], group) {
        nested.u32(tag, value)
      }
      header.record(BasisTag.group, nested, required: true, repeated: true)
    }
    try read(header: header)
  }

  @Test func headersThatCannotBe() throws {
    try read(groups: [[2, 2, 8], [2, 2, 8]])
    func expect(_ found: String, _ tag: FieldTag, _ groups: [[UInt32]], version: UInt16 = 1) {
      #expect { try read(groups: groups, version: version) } throws: { error in
        guard case FormatError.fieldValue(_, tag, _, found, _) = error else { return false }
        return true
      }
    }
    expect("2", BasisTag.marker, [[2, 2, 8]], version: 2)
    expect("no group", BasisTag.group, [])
    let most = UInt32.max
    for (layers, found) in [(0, "0"), (16_385, "16385"), (most, "\(most)")] as [(UInt32, String)] {
      expect(found, BasisTag.Group.layers, [[layers, 2, 8]])
    }
    for (heads, found) in [(0, "0"), (8193, "8193"), (most, "\(most)")] as [(UInt32, String)] {
      expect(found, BasisTag.Group.kvHeads, [[2, heads, 8]])
    }
    for (size, found) in [(0, "0"), (4097, "4097"), (most, "\(most)")] as [(UInt32, String)] {
      expect(found, BasisTag.Group.headDim, [[2, 2, size]])
    }
    expect("16384", BasisTag.Group.layers, Array(repeating: [16_384, 1, 1], count: 5))
    #expect(throws: FormatError.self) { try read(groups: [[2, 2]]) }
  }

  /// A field that a reader must know is refused in a basis file as anywhere.
  @Test func unknownRequiredFields() throws {
    var header = BasisHeader(basis).record
    header.u8(0x00F0, 1, required: true)
    #expect { try read(header: header) } throws: { error in
      guard case FormatError.unknownRequiredField(_, 0x00F0, _) = error else { return false }
      return true
    }
    var optional = BasisHeader(basis).record
    optional.u8(0x00F0, 1)
    try read(header: optional)
  }

  @Test func limitsHold() throws {
    _ = try good()
    var limits = ModelBasisFile.limits
    limits.totalRawBytes = 100
    #expect(throws: FormatError.self) { try ModelBasisFile.read(scratch.file("good"), limits: limits) }
  }
}
