/// What a writer of an encrypted file keeps: the cipher, and the tags so far.
struct SealedWriting {
  private let cipher: SectionCipher
  private var tags: [[UInt8]] = []

  init(_ cipher: SectionCipher) { self.cipher = cipher }

  /// The bytes to store for the next section, or for the header, which is one further: the seal lies between.
  mutating func close(_ payload: [UInt8], description: [UInt8], isHeader: Bool) -> [UInt8] {
    let (bytes, tag) = cipher.seal(payload, number: tags.count + (isHeader ? 1 : 0), description: description)
    tags.append(tag)
    return bytes
  }

  /// The seal's payload, once everything else is closed.
  ///
  /// - Parameter sections: all of the file, the seal the last but one.
  func seal(
    over sections: [SectionEntry], requiredFeatures: RequiredFeatures, optionalFeatures: OptionalFeatures
  ) -> [UInt8] {
    let proof = Seal.proof(of: sections, requiredFeatures: requiredFeatures, optionalFeatures: optionalFeatures)
    return Seal(cipher, tags: tags, number: sections.count - 2, proof: proof).bytes
  }
}
