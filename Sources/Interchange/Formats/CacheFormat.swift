import KVCacheModel

/// A file format that caches are kept in: what `fkv convert` reads or writes under one name.
///
/// A format is a value without state. It is added to fkv by its folder here and one line in `CacheFormats.all`
/// (Commands/Convert).
public protocol CacheFormat: Sendable {
  /// The name that `--from` and `--to` take: `llama-state`, `mlx`, …
  var name: String { get }
  /// What it is, in a few words without a full stop: `llama.cpp sequence or slot file`.
  var summary: String { get }
  /// What names of such files usually end with, without the point; empty for folders, and unless a format says more.
  var fileExtension: String { get }
  var directions: FormatDirections { get }
  /// What a file of this format cannot hold or fkv does not put there, each in a few words: `probe queries`.
  var cannotCarry: [String] { get }
  /// Whose layout the keys of such a file have; nil where the file says itself which pairs its keys rotate.
  var keyConvention: KeyConvention? { get }
  /// The facts that writing a file cannot do without.
  var needs: Set<CacheFact> { get }
  /// The element types that can be written.
  var elementTypes: [ElementType] { get }

  /// Whether a file or folder has this format, told by its content and never by its name. Says no to what is broken
  /// beyond telling; never throws on it.
  func recognises(_ item: FormatItem) -> Bool

  /// Opens a file or folder: reads and checks everything but the numbers.
  ///
  /// - Parameter supplied: what the user says of the cache. A reader takes from it what the file does not say and it
  ///   cannot go on without; the rest is added when the facts are resolved.
  /// - Throws: `MissingFacts` naming the options that help; the format's own error; `FileError`.
  func open(_ path: String, supplied: SuppliedFacts) throws -> any ForeignCache

  /// Writes a whole cache, one layer at a time in memory; the file (or folder) appears whole or not at all.
  ///
  /// Keys have this format's `keyConvention`, elements one of its `elementTypes`, all facts of `needs` are known: who
  /// calls sees to that. `afterLayer` is called with each layer that is done.
  ///
  /// - Returns: what the file lacks of `source`.
  /// - Throws: what `source` throws; the format's error where it cannot hold the cache; `FileError`.
  func write(
    _ source: any CacheSource, to path: String, options: WriteOptions, afterLayer: (Int) throws -> Void
  ) throws -> [ConversionLoss]
}

extension CacheFormat {
  public var fileExtension: String { "" }
  public var needs: Set<CacheFact> { [] }
  public var elementTypes: [ElementType] { ElementType.allCases }

  public func recognises(_ item: FormatItem) -> Bool { false }

  public func open(_ path: String, supplied: SuppliedFacts) throws -> any ForeignCache {
    preconditionFailure("format \(name) is not read")
  }

  public func write(
    _ source: any CacheSource, to path: String, options: WriteOptions, afterLayer: (Int) throws -> Void
  ) throws -> [ConversionLoss] {
    preconditionFailure("format \(name) is not written")
  }
}

/// Which ways a format goes.
public struct FormatDirections: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let read = FormatDirections(rawValue: 1)
  public static let write = FormatDirections(rawValue: 2)
  public static let both: FormatDirections = [.read, .write]
}

/// What a writer may be told besides the cache; a format passes over what is not its own.
public struct WriteOptions: Hashable, Sendable {
  /// `llama-state`, `llama-session`: the version number to write; nil takes the newest that is known.
  public var stateVersion: UInt32?
  /// `llama-state`, `llama-session`: the layout that the model's files have, as far as it is known.
  public var stateFormat: LlamaStateFormat?
  /// `llama-state`, `llama-session`: how cells are written.
  public var cells = LlamaCellLayout()
  /// `lmcache`: tokens of a chunk.
  public var chunkTokens: Int?
  /// `mlx`: which mlx-lm shall read it; nil takes the newest.
  public var mlxDialect: MLXDialect?
  /// `mlx`, `lmcache`: the model as that program names it; nil takes the name in the cache.
  public var modelName: String?

  public init() {}
}
