import FileIO
import KVCacheModel

/// llama.cpp's sequence files, which llama-server saves its slots in (formats/llama-state.md).
public struct LlamaSequenceFormat: LlamaStateContaining {
  public init() {}

  public var container: LlamaStateFormat.Container { .sequence }
  public var name: String { container.formatName }
  public var summary: String { "llama.cpp sequence file, llama-server slot file" }
  public var cannotCarry: [String] { LlamaStateFormat.cannotCarry + ["model architecture"] }
}

/// llama.cpp's session files, `--prompt-cache` (formats/llama-session.md).
public struct LlamaSessionFormat: LlamaStateContaining {
  public init() {}

  public var container: LlamaStateFormat.Container { .session }
  public var name: String { container.formatName }
  public var summary: String { "llama.cpp session file, --prompt-cache" }
  public var cannotCarry: [String] { LlamaStateFormat.cannotCarry }
  public var needs: Set<CacheFact> { [.architecture] }
}

/// A format whose files have one of llama.cpp's containers.
public protocol LlamaStateContaining: CacheFormat {
  var container: LlamaStateFormat.Container { get }
}

extension LlamaStateContaining {
  public var fileExtension: String { "bin" }
  public var directions: FormatDirections { .both }
  public var keyConvention: KeyConvention? { .llamaCpp }

  public func recognises(_ item: FormatItem) -> Bool { container.begins(item) || container.isBuffer(item) }

  public func open(_ path: String, supplied: SuppliedFacts) throws -> any ForeignCache {
    try LlamaStateReading(path: path, container: container, format: name, supplied: supplied)
  }

  public func write(
    _ source: any CacheSource, to path: String, options: WriteOptions, afterLayer: (Int) throws -> Void
  ) throws -> [ConversionLoss] {
    try LlamaStateWriter.write(source, to: path, container: container, options: options, afterLayer: afterLayer)
  }
}

extension LlamaStateFormat {
  static let cannotCarry = [
    "probe queries", "model name and fingerprint", "RoPE", "heads", "attention scale and softcap", "provenance",
  ]
}

extension LlamaStateFormat.Container {
  /// Whether a file begins with the magic and a version below 256, which text does not.
  func begins(_ item: FormatItem) -> Bool {
    guard item.head.count >= 8 else { return false }
    let words = Array(item.head.prefix(8)).littleEndian(as: UInt32.self)
    return words[0] == magic && words[1] < 256
  }

  /// Whether it is what `llama_state_get_data` or `llama_state_seq_get_data` gave: by its magic, or where it has none by
  /// a layout that fits the whole of it.
  func isBuffer(_ item: FormatItem) -> Bool {
    guard item.head.count >= 16, let first = Array(item.head.prefix(4)).littleEndian(as: UInt32.self).first else {
      return false
    }
    if self == .sequence, first == LlamaStateFormat.Wrapping.bufferMagic { return true }
    if self == .session {
      let isName = item.head.dropFirst(4).prefix(Int(min(first, 64))).allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || [0x2D, 0x2E, 0x5F].contains($0)
      }
      guard 1...64 ~= first, isName else { return false }
    } else {
      guard 1...256 ~= first else { return false }
    }
    return (try? LlamaStateFile(buffer: FileReader(path: item.path), container: self)) != nil
  }
}
