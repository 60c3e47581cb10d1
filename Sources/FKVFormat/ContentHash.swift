import CXXHash

/// XXH3-64 with seed 0, fed in pieces: the only hash of the format (formats/fkv.md §2.3).
final class ContentHash {
  private let state: OpaquePointer

  init() {
    state = XXH3_createState()
    XXH3_64bits_reset(state)
  }

  deinit { XXH3_freeState(state) }

  func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    XXH3_64bits_update(state, base, bytes.count)
  }

  func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  func update(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { update($0) } }

  /// The hash of everything so far.
  var value: UInt64 { XXH3_64bits_digest(state) }
}
