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
    /// The oldest version whose blobs carry the Hadamard rotation of quantised caches.
    var firstVersionWithRotation: UInt32 { self == .sequence ? 4 : 11 }
    /// The versions that can be read and written.
    public var versions: ClosedRange<UInt32> { self == .sequence ? 3...4 : 10...11 }
  }

  public var container: Container
  public var version: UInt32
  /// Bytes of each cell between its sequence count and its sequence ids: 0, or 12 for M-RoPE models.
  public var cellExtensionBytes: Int
  /// Memory blobs in the file: 1, or 2 where sliding-window layers have a memory of their own.
  public var blobCount: Int

  public init(container: Container, version: UInt32, cellExtensionBytes: Int = 0, blobCount: Int = 1) {
    precondition(container.versions.contains(version) && [0, 12].contains(cellExtensionBytes))
    precondition((1...2).contains(blobCount))
    self.container = container
    self.version = version
    self.cellExtensionBytes = cellExtensionBytes
    self.blobCount = blobCount
  }

  /// Whether each blob says how quantised keys and values were rotated (versions 4 and 11).
  public var hasRotationFields: Bool { version >= container.firstVersionWithRotation }

  /// Bytes of the fields of one blob that do not depend on cells or layers.
  var blobHeaderBytes: Int { 4 + 4 + 4 + 4 + (hasRotationFields ? 8 : 0) }
  /// Bytes of one cell that belongs to one sequence.
  var cellBytes: Int { 4 + 4 + cellExtensionBytes + 4 }
}
