/// Sizes and fixed numbers of formats/fkv.md §3 to §5.
enum Layout {
  static let magic: [UInt8] = [0x89, 0x46, 0x4B, 0x56, 0x0D, 0x0A, 0x1A, 0x0A]
  static let version: UInt32 = 1
  static let prologueBytes = 64
  /// The part of the prologue that the metadata hash covers: everything before the hash itself.
  static let hashedPrologueBytes = 56
  static let syncWord: [UInt8] = [0xF6, 0x53, 0x45, 0x43]
  static let prefixBytes = 48
  static let rowBytes = 56
  static let fieldHeadBytes = 8
  static let noLayer = UInt32.max
  /// Bytes that one read of a long section takes at most.
  static let pieceBytes = 1 << 20
}
