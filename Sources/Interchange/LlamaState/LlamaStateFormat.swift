/// Which of llama.cpp's state layouts a file has. Version numbers do not say all of it: a layout is known by parsing
/// to exactly the file's end.
public struct LlamaStateFormat: Hashable, Sendable {
  /// What stands before the memory blobs.
  public enum Container: Hashable, Sendable {
    /// `llama_state_seq_save_file`, a server's slot file: magic, version, tokens. One sequence.
    case sequence
    /// `llama_state_save_file`, `--prompt-cache`: the same, then the architecture's name. The whole context.
    case session

    /// The container's first four bytes, read as a little-endian integer.
    public var magic: UInt32 { self == .sequence ? 0x6767_7371 : 0x6767_736e }
    /// `sequence` or `session`.
    public var name: String { self == .sequence ? "sequence" : "session" }
    /// `llama-state` or `llama-session`: what `--from` and `--to` call it.
    public var formatName: String { self == .sequence ? "llama-state" : "llama-session" }
    /// The other of the two.
    var other: Self { self == .sequence ? .session : .sequence }
    /// The versions that can be read, from oldest to newest: 2, 3, 4 and 9, 10, 11.
    public var versions: ClosedRange<UInt32> { self == .sequence ? 2...4 : 9...11 }
    /// The versions that can be written: all but the oldest, whose number stands for several layouts.
    public var writableVersions: ClosedRange<UInt32> { versions.lowerBound + 1...versions.upperBound }
    /// The oldest version whose blobs carry the Hadamard rotation of quantised caches.
    var firstVersionWithRotation: UInt32 { versions.upperBound }
  }

  /// Whether the bytes are a file's, or those that a program got to keep itself.
  public enum Wrapping: Hashable, Sendable {
    /// A file: magic, version, tokens.
    case file
    /// `llama_state_get_data` (session) and, in older versions, `llama_state_seq_get_data` (sequence): what follows the
    /// tokens in a file.
    case buffer
    /// `llama_state_seq_get_data` of newer versions: the same after `bufferMagic` and the sequence's number.
    case markedBuffer

    /// The first four bytes of a marked buffer, read as a little-endian integer (llama-context.cpp, `io_magic`).
    public static let bufferMagic: UInt32 = 0xaf14_3cd8
  }

  public var container: Container
  /// How the bytes begin; buffers say no version, and `version` is then that of files with the same layout.
  public var wrapping = Wrapping.file
  public var version: UInt32
  /// Bytes of each cell between its sequence count and its sequence ids: 0; 12 for M-RoPE models, 8 in old files.
  public var cellExtensionBytes: Int
  /// Memory blobs in the file: 1, or 2 where sliding-window layers have a memory of their own.
  public var blobCount: Int
  /// Whether each blob begins with the number of its streams, as all but the oldest files do.
  public var hasStreamCount: Bool
  /// Whether a session's last outputs (which, logits, embeddings) stand before its memory, as in old files.
  public var hasOutputs: Bool

  public init(
    container: Container, version: UInt32, cellExtensionBytes: Int = 0, blobCount: Int = 1, hasStreamCount: Bool = true,
    hasOutputs: Bool = false
  ) {
    precondition(container.versions.contains(version) && [0, 8, 12].contains(cellExtensionBytes))
    precondition((1...2).contains(blobCount))
    self.container = container
    self.version = version
    self.cellExtensionBytes = cellExtensionBytes
    self.blobCount = blobCount
    self.hasStreamCount = hasStreamCount
    self.hasOutputs = hasOutputs
  }

  /// Whether each blob says how quantised keys and values were rotated (versions 4 and 11).
  public var hasRotationFields: Bool { version >= container.firstVersionWithRotation }
  /// Whether a cell of a sequence file may name no sequence, as the oldest files do.
  var allowsUnnamedSequence: Bool { version == container.versions.lowerBound }

  /// Bytes of the fields of one blob of one stream that do not depend on cells or layers.
  var blobHeaderBytes: Int { (hasStreamCount ? 4 : 0) + 4 + 4 + 4 + (hasRotationFields ? 8 : 0) }
  /// Bytes of one cell that belongs to one sequence.
  var cellBytes: Int { 4 + 4 + cellExtensionBytes + 4 }

  /// The layouts to try on a buffer, newest first.
  static func buffers(_ container: Container, _ wrapping: Wrapping) -> [LlamaStateFormat] {
    container.versions.reversed().flatMap { candidates(container, version: $0) }.map {
      var format = $0
      format.wrapping = wrapping
      return format
    }
  }

  /// The layouts to try on a file of a version, likeliest first.
  static func candidates(_ container: Container, version: UInt32) -> [LlamaStateFormat] {
    let isOldest = version == container.versions.lowerBound
    var candidates: [LlamaStateFormat] = []
    for hasOutputs in [false, true] where !hasOutputs || (isOldest && container == .session) {
      for hasStreamCount in [true, false] where hasStreamCount || isOldest {
        for cellExtensionBytes in [0, 12, 8] where cellExtensionBytes != 8 || isOldest {
          candidates.append(
            LlamaStateFormat(
              container: container, version: version, cellExtensionBytes: cellExtensionBytes,
              hasStreamCount: hasStreamCount, hasOutputs: hasOutputs))
        }
      }
    }
    return candidates
  }
}
