/// The token ids of a state file's header, which are plain, or packed as llama-server packs those of its slots.
///
/// Packed: −1, version 1, n, n ids (−1 where an image or sound stands), m, m indices, m times a byte count and bytes,
/// zeros up to a multiple of 4 (tools/server/server-common.cpp, `server_tokens::serialize`).
public enum LlamaTokenPayload: Equatable, Sendable {
  case plain([Int32])
  case packed([Int32], mediaItems: Int)

  /// Reads the header's integers; nil where they begin as packed and then are not.
  public init?(_ words: [Int32]) {
    guard words.first == -1 else {
      self = .plain(words)
      return
    }
    guard words.count >= 4, words[1] == 1 else { return nil }
    let count = Int(UInt32(bitPattern: words[2]))
    guard count <= words.count - 4 else { return nil }
    let media = Int(UInt32(bitPattern: words[3 + count]))
    guard media == 0 ? words.count == 4 + count : media <= words.count - 4 - count else { return nil }
    self = .packed(Array(words[3..<3 + count]), mediaItems: media)
  }

  /// The ids.
  public var tokens: [Int32] {
    switch self {
    case .plain(let tokens), .packed(let tokens, _): tokens
    }
  }
}
