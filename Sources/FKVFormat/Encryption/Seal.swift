/// The payload of the section `seal`: what is needed to open an encrypted file, and the proof of the whole of it
/// (formats/fkv.md §15.3).
struct Seal {
  var salt: [UInt8]
  var keyCheck: [UInt8]
  /// Of every section but the seal, in file order.
  var tags: [[UInt8]]
  /// Of all descriptions and tags.
  var fileTag: [UInt8]

  /// Bytes of the seal of a file of that many sections, itself and the header among them.
  static func byteCount(sections: Int) -> Int {
    SectionCipher.saltBytes + SectionCipher.checkBytes + SectionCipher.tagBytes * sections
  }

  /// The seal of a file whose other sections have those tags.
  ///
  /// - Parameter proof: `proof(of:)` of all sections.
  init(_ cipher: SectionCipher, tags: [[UInt8]], number: Int, proof: [UInt8]) {
    salt = cipher.salt
    keyCheck = cipher.keyCheck
    self.tags = tags
    fileTag = cipher.seal([], number: number, description: proof + tags.flatMap { $0 }).tag
  }

  /// The parts of a payload of the right length.
  init(parsing payload: [UInt8]) {
    let checkEnd = SectionCipher.saltBytes + SectionCipher.checkBytes
    salt = Array(payload[..<SectionCipher.saltBytes])
    keyCheck = Array(payload[SectionCipher.saltBytes..<checkEnd])
    var all = stride(from: checkEnd, to: payload.count, by: SectionCipher.tagBytes).map {
      Array(payload[$0..<$0 + SectionCipher.tagBytes])
    }
    fileTag = all.removeLast()
    tags = all
  }

  var bytes: [UInt8] { salt + keyCheck + tags.flatMap { $0 } + fileTag }

  /// What the file's tag covers besides the tags: bytes 0 to 19 of the prologue, and the description of every section
  /// without its hash.
  static func proof(of sections: [SectionEntry], requiredFeatures: RequiredFeatures, optionalFeatures: OptionalFeatures)
    -> [UInt8]
  {
    var bytes = Layout.magic
    bytes.append(integer: Layout.version)
    bytes.append(integer: requiredFeatures.rawValue)
    bytes.append(integer: optionalFeatures.rawValue)
    return sections.reduce(into: bytes) { $0 += SectionDescription($1).hashedPart }
  }
}
