import CacheCodec
import FKVFormat
import Foundation
import KVCacheModel
import ReferenceDecoder
import TestSupport
import Testing

/// The files of formats/vectors/encrypted, which have a manifest of their own, with keys. As all vectors they are never
/// made again or changed.
@Suite struct EncryptedVectorTests {
  /// The manifest's rows and the hash of their lines; more rows may follow, and then both change.
  private static let released = (rows: 30, hash: "f9a8b097c60c98e0")
  private static let manifest = Vectors.folder.appendingPathComponent("encrypted/manifest.json")

  private static func rows() throws -> [VectorRow] {
    try JSONDecoder().decode([VectorRow].self, from: Data(contentsOf: manifest))
  }

  private static func key(_ row: VectorRow) throws -> (product: FileKey, bytes: [UInt8])? {
    guard let text = row.key else { return nil }
    let bytes = stride(from: 0, to: 64, by: 2).map {
      UInt8(Array(text)[$0..<$0 + 2].reduce("") { "\($0)\($1)" }, radix: 16)!
    }
    return (try FileKey(hexadecimal: text), bytes)
  }

  @Test func releasedRowsNeverChange() throws {
    let lines = try String(contentsOf: Self.manifest, encoding: .utf8).split(separator: "\n").dropFirst()
      .prefix(Self.released.rows).map { $0.hasSuffix(",") ? $0.dropLast() : $0 }
    #expect(try Self.rows().count == Self.released.rows)
    #expect(Vectors.hexadecimal(XXH3.hash(Array(lines.joined(separator: "\n").utf8))) == Self.released.hash)
  }

  @Test func theFolderHoldsWhatTheManifestLists() throws {
    let rows = try Self.rows()
    let sections = try ReferenceDecoderTests.sections()
    for row in rows {
      let bytes = try Comparison.bytes(Vectors.path(row.file))
      #expect(row.bytes == bytes.count && row.xxh3 == Vectors.hexadecimal(XXH3.hash(bytes)), "\(row.file)")
      #expect(row.sections.split(separator: " ").allSatisfy { sections.contains(String($0)) }, "\(row.file)")
      #expect((row.expected == nil) != (row.refused == nil))
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: Vectors.path("encrypted"))
    #expect(Set(names.map { "encrypted/\($0)" }) == Set(rows.map(\.file) + ["encrypted/manifest.json"]))
  }

  /// Both decoders open them, and find the same; the product finds in the encrypted file what it finds in the plain one
  /// that the second decoder makes of it.
  @Test func bothDecodersOpenThem() throws {
    let scratch = ScratchFolder()
    for row in try Self.rows() {
      guard let expected = row.expected else { continue }
      let key = try #require(try Self.key(row))
      let cache = try FKVCache(path: Vectors.path(row.file), key: key.product)
      let all = try cache.decodeAll()
      let plain = scratch.file("plain.fkv")
      try Data(Decryption.opened(Comparison.bytes(Vectors.path(row.file)), key: key.bytes))
        .write(to: URL(fileURLWithPath: plain))
      #expect(try Comparison(path: plain).differences == [], "\(row.file)")
      let again = try FKVCache(path: plain).decodeAll()
      #expect(again.keys == all.keys && again.values == all.values && again.description == all.description)
      #expect(try Self.found(all, profile: Int(cache.header.profile.rawValue)) == expected, "\(row.file)")
    }
  }

  /// What a file of `expected` holds; a hash of all tensors where they are exact.
  private static func found(_ all: MemoryCache, profile: Int) throws -> VectorRow.Expected {
    let description = all.description
    var row = VectorRow.Expected(
      profile: profile,
      layers: description.geometry.layers.map {
        [$0.kvHeads, $0.queryHeads, $0.headDim, $0.tokens, $0.firstPosition, $0.slidingWindow ?? 0, $0.ropeIndex]
      }, keyType: Int(description.keyType.rawValue), valueType: Int(description.valueType.rawValue))
    if let tokens = description.tokens {
      row.tokens = tokens.count
      row.tokensHash = Vectors.hexadecimal(XXH3.hash(tokens.flatMap { little($0) }))
    }
    if profile == 1 {
      let tensors = description.geometry.layers.indices.flatMap { [all.keys[$0], all.values[$0]] }
      row.tensorsHash = Vectors.hexadecimal(XXH3.hash(tensors.flatMap(\.bytes)))
    }
    return row
  }

  @Test func bothDecodersRefuse() throws {
    var codes: Set<Int> = []
    for row in try Self.rows() {
      guard let refused = row.refused else { continue }
      let key = try Self.key(row)
      #expect(try Self.productError(row.file, key?.product) == refused, "\(row.file)")
      #expect(try Self.referenceError(row.file, key?.bytes)?.code == refused.code, "\(row.file)")
      codes.insert(refused.code!)
    }
    #expect(codes == [24, 32, 90, 91, 92, 93, 94])
    // A reader that knows nothing of encryption.
    for row in try Self.rows() where row.expected != nil {
      #expect(throws: Refusal.self) { try Container(Comparison.bytes(Vectors.path(row.file))) }
    }
  }

  private static func productError(_ file: String, _ key: FileKey?) throws -> VectorRow.Refused? {
    do {
      _ = try FKVCache(path: Vectors.path(file), key: key).decodeAll()
      return nil
    } catch {
      return VectorRow.Refused(code: (error as? FormatError)?.code.rawValue, error: "\(type(of: error)): \(error)")
    }
  }

  private static func referenceError(_ file: String, _ key: [UInt8]?) throws -> Refusal? {
    do {
      let plain = try Decryption.opened(Comparison.bytes(Vectors.path(file)), key: key)
      _ = try ReferenceCache(plain, tables: Comparison.tables, basis: nil)
      return nil
    } catch let error as Refusal { return error }
  }

  /// The second decoder's ciphers against published values: FIPS 197 C.3, FIPS 180-4, RFC 5869 A.1, and the 14th and
  /// 16th test case of the paper on GCM.
  @Test func itsCiphersAreThoseOfTheStandards() {
    func hex(_ text: String) -> [UInt8] {
      let digits = text.filter { !$0.isWhitespace }.map { UInt8($0.hexDigitValue!) }
      return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
    let key = (0..<32).map { UInt8($0) }
    #expect(
      AESGCM(key: key).block(hex("00112233445566778899aabbccddeeff")) == hex("8ea2b7ca516745bfeafc49904b496089"))
    #expect(
      SHA256.hash(Array("abc".utf8)) == hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    #expect(
      SHA256.hash([UInt8](repeating: 0x61, count: 1000))
        == hex("41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"))
    let extracted = SHA256.authenticated([UInt8](repeating: 0x0B, count: 22), key: (0..<13).map { UInt8($0) })
    #expect(extracted == hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"))
    let zero = AESGCM(key: [UInt8](repeating: 0, count: 32))
    #expect(
      zero.open(
        hex("cea7403d4d606b6e074ec5d3baf39d18"), nonce: [UInt8](repeating: 0, count: 12), data: [],
        tag: hex("d0d1c8a799996bf0265b98b5d48ab919")) == [UInt8](repeating: 0, count: 16))
    let sixteenth = AESGCM(
      key: hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"))
    let closed = hex(
      """
      522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
      8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
      """)
    #expect(
      sixteenth.open(
        closed, nonce: hex("cafebabefacedbaddecaf888"), data: hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
        tag: hex("76fc6ece0f4e1768cddf8853bb2d551b"))
        == hex(
          """
          d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
          1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39
          """))
  }

  /// `FKV_MAKE_VECTORS=1 swift test --filter EncryptedVectorTests` adds the files that are not there yet.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["FKV_MAKE_VECTORS"] != nil, "FKV_MAKE_VECTORS is not set"))
  func makeMissingVectors() throws {
    try FileManager.default.createDirectory(atPath: Vectors.path("encrypted"), withIntermediateDirectories: true)
    var rows = (try? Self.rows()) ?? []
    let cases = EncryptedVectors.valid().map { ("valid", $0) } + EncryptedVectors.invalid().map { ("invalid", $0) }
    for (kind, vector) in cases {
      let file = "encrypted/\(kind)-\(vector.name).fkv"
      guard !rows.contains(where: { $0.file == file }) else { continue }
      let bytes = try vector.make()
      try Data(bytes).write(to: URL(fileURLWithPath: Vectors.path(file)))
      var row = VectorRow(
        file: file, bytes: bytes.count, xxh3: Vectors.hexadecimal(XXH3.hash(bytes)), sections: vector.sections)
      row.key = vector.key.map { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
      let key = vector.key.flatMap { FileKey(bytes: $0) }
      if kind == "valid" {
        let cache = try FKVCache(path: Vectors.path(file), key: key)
        row.expected = try Self.found(cache.decodeAll(), profile: Int(cache.header.profile.rawValue))
      } else {
        row.refused = try #require(try Self.productError(file, key), "\(file) is decoded")
      }
      rows.append(row)
    }
    try Data("[\n\(rows.map(\.line).joined(separator: ",\n"))\n]\n".utf8).write(to: Self.manifest)
  }
}
