import CacheCodec
import FKVFormat
import FileIO
import Foundation
import FourierKV
import Interchange
import KVCacheModel

/// `fkv append`: an `.fkv` and a longer cache in, the longer `.fkv` out.
public struct AppendPipeline: Sendable {
  /// The `.fkv` to extend.
  public var file: String
  /// A capture of the longer prompt, or of what follows the file's last position; another `.fkv` serves too.
  public var addition: String
  /// Where to write the longer file; nil replaces `file`.
  public var output: String?
  /// Whether to go on where token ids are missing, so that nobody can tell that the prompts agree.
  public var isUnchecked = false
  /// Whether to decode the longer file and store its attention-output error; the addition must be of the whole prompt
  /// and have probe queries.
  public var measures = false

  /// The basis file, if one of the files needs one; nil looks in the cache folder.
  public var basisFile: String?
  /// The key of encrypted inputs, and of the output; nil reads and writes what is not encrypted.
  public var key: FileKey?

  public init(file: String, addition: String, output: String? = nil) {
    self.file = file
    self.addition = addition
    self.output = output
  }

  /// What a run reports.
  public struct Report: Sendable {
    /// Of the longer cache.
    public var description: CacheDescription
    public var profile: Profile
    public var addedTokens: Int
    public var size: CacheSize
    public var storedError: StoredError?
    /// See `CacheExtender.Outcome.roundedCoefficients`.
    public var roundedCoefficients: Bool
  }

  /// Extends the file; the output appears whole or not at all, measured if that was asked for.
  ///
  /// - Parameter progress: called after each layer with layers done and layers in all, while writing and then again
  ///   while measuring.
  /// - Throws: `CacheExtensionError` if the addition does not go on where the file ends, `CacheMismatch` if it cannot be
  ///   measured against; what is wrong with either file.
  public func run(progress: (Int, Int) -> Void = { _, _ in }) throws -> Report {
    let cache = try NamedFKVCache(path: file, basis: BasisFinder(file: basisFile), key: key).cache
    let source = try OpenedCache(path: addition, basis: BasisFinder(file: basisFile, looksFurther: true), key: key)
      .source
    var extending = try naming {
      try CacheExtender(
        cache, with: source, writer: FKVVersion.writer, unchecked: isUnchecked,
        provenance: GrowthRecord.lines(ofLonger: source.description))
    }
    extending.key = key
    let extender = extending
    let layers = extender.description.geometry.layers.count
    let target = output ?? file
    func extend(to path: String) throws -> CacheExtender.Outcome {
      try naming { try extender.write(to: path) { progress($0, layers) } }
    }
    var storedError: StoredError?
    var fileBytes: Int
    let outcome: CacheExtender.Outcome
    if measures {
      try CacheMismatch.check(extender.description, against: source.description)
      guard source.description.probeQueries > 0 else { throw CacheMismatch.noProbeQueries }
      // The error is part of the header, and the file appears under its name once only.
      let folder = try Self.draftFolder(for: target)
      defer { folder.remove() }
      let draft = folder.file("draft.fkv")
      outcome = try extend(to: draft)
      let longer = try NamedFKVCache(path: draft, basis: BasisFinder(file: basisFile), key: key).cache
      let comparison = try CacheComparison(of: longer, with: source, droppedRows: [], progress: progress)
      let stored = StoredError(probeQueries: comparison.probeQueries, errors: comparison.attention)
      fileBytes = try longer.write(storedError: stored, to: target)
      storedError = stored
    } else {
      outcome = try extend(to: target)
      fileBytes = outcome.fileBytes
    }
    return Report(
      description: extender.description, profile: cache.header.profile, addedTokens: extender.tokenCount,
      size: CacheSize(fileBytes: fileBytes, geometry: extender.description.geometry), storedError: storedError,
      roundedCoefficients: outcome.roundedCoefficients)
  }

  /// What `body` returns; errors that name no file leave as one about the file to extend.
  private func naming<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error where error is FileFailure || error is FileError || error is CaptureError {
      throw error
    } catch {
      throw FileFailure(path: file, error: error)
    }
  }

  /// A folder next to `path` for the file that is measured.
  private static func draftFolder(for path: String) throws -> TemporaryFolder {
    // Tells at once whether something can be written there.
    try AtomicFile(path: path).discard()
    return try TemporaryFolder(
      in: LinkedPath.folder(of: path), name: path.split(separator: "/").last.map(String.init) ?? path)
  }
}
