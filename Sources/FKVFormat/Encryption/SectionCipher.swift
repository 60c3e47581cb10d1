import Crypto
import Foundation

/// What closes and opens the sections of one encrypted file: AES-256-GCM with a key that only this file has, and the
/// section's number as nonce (formats/fkv.md §15.2).
///
/// A file's key comes of the user's and 32 random bytes that are drawn for every file that is written, so that no key
/// meets the same nonce twice: not when a file is extended, not when it is copied.
struct SectionCipher: Sendable {
  static let saltBytes = 32
  static let checkBytes = 16
  static let tagBytes = 16

  let salt: [UInt8]
  /// By which a wrong key is told from changed bytes.
  let keyCheck: [UInt8]
  private let key: SymmetricKey

  /// The cipher of a file with that salt.
  init(_ fileKey: FileKey, salt: [UInt8]) {
    precondition(salt.count == Self.saltBytes, "a salt of another length")
    func derived(_ purpose: String, _ count: Int) -> SymmetricKey {
      HKDF<SHA256>.deriveKey(
        inputKeyMaterial: fileKey.symmetric, salt: salt, info: Array(purpose.utf8), outputByteCount: count)
    }
    self.salt = salt
    key = derived("fkv 1 sections", 32)
    keyCheck = derived("fkv 1 key check", Self.checkBytes).withUnsafeBytes { Array($0) }
  }

  /// A salt that no other file has.
  static func randomSalt() -> [UInt8] { SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) } }

  /// As many bytes as `payload` has, and the tag that proves them.
  func seal(_ payload: [UInt8], number: Int, description: [UInt8]) -> (bytes: [UInt8], tag: [UInt8]) {
    // Fails for payloads beyond 64 GiB only, which no memory of ours holds.
    let box = try! AES.GCM.seal(payload, using: key, nonce: nonce(number), authenticating: description)
    return (Array(box.ciphertext), Array(box.tag))
  }

  /// The payload of those bytes; nil if the section, its description or its number is not what was closed.
  func open(_ bytes: [UInt8], tag: [UInt8], number: Int, description: [UInt8]) -> [UInt8]? {
    guard let box = try? AES.GCM.SealedBox(nonce: nonce(number), ciphertext: bytes, tag: tag),
      let payload = try? AES.GCM.open(box, using: key, authenticating: description)
    else { return nil }
    return Array(payload)
  }

  /// The section's number in the file, from 0, as 12 bytes.
  private func nonce(_ number: Int) -> AES.GCM.Nonce {
    var bytes: [UInt8] = []
    bytes.append(integer: UInt32(number))
    bytes.append(integer: UInt64(0))
    return try! AES.GCM.Nonce(data: bytes)
  }
}
