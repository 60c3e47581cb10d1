import ComputeKernels
import FKVFormat
import FileIO
import KVCacheModel

/// Writes caches as `.fkv` files.
///
/// Layers are read, encoded, decoded again and measured `width` at a time; profile `spectral` also keeps a basis for each
/// group of layers. The bytes depend on the cache and the method only, not on the width.
public struct CacheEncoder: Sendable {
  /// How to encode.
  public enum Method: Hashable, Sendable {
    case lossless
    case fourier(FourierParameters)
    case spectral(SpectralParameters)

    public var profile: Profile { profileWriter(basis: nil).profile }
  }

  public var method: Method
  /// The basis file of profile `spectral` with a model basis; nil otherwise.
  public var basis: ModelBasis?
  /// Whether the prompt's token ids go into the file.
  public var includesTokens = true
  /// Encrypts the file (formats/fkv.md §15); nil writes it as it is. With a key the bytes are different each time.
  public var key: FileKey?
  /// What the header says wrote the file.
  public var writer: String
  /// Layers in work at a time.
  public var width = ParallelLoop.width

  public init(_ method: Method, writer: String) {
    self.method = method
    self.writer = writer
  }

  /// The size and cost of an encoded cache.
  public struct Outcome: Hashable, Sendable {
    public var fileBytes: Int
    /// nil if the cache has no probe queries.
    public var storedError: StoredError?
    /// The steps that profile `spectral` took; nil for others.
    public var steps: SpectralSteps?
  }

  /// Encodes a cache into a new file at `path`; the rest as `encode(_:to:progress:)` with a destination.
  public func encode(
    _ source: some CacheSource, to path: String, progress: (Int) -> Void = { _ in }
  ) throws -> Outcome {
    try encode(source, to: FileDestination(path: path), progress: progress)
  }

  /// Encodes a cache in memory: the bytes of the file, and the outcome; throws as `encode(_:to:progress:)`.
  public func encode(
    _ source: some CacheSource, progress: (Int) -> Void = { _ in }
  ) throws -> (bytes: [UInt8], outcome: Outcome) {
    let memory = MemoryDestination()
    let outcome = try encode(source, to: memory, progress: progress)
    return (memory.bytes ?? [], outcome)
  }

  /// Encodes a cache into a new file at `destination`, which appears whole or not at all.
  ///
  /// - Parameter progress: called after each layer with the layers done, from the calling thread.
  /// - Throws: what the source throws; `CodecError.unsuitable` and `FormatError` for a description that no reader would
  ///   take; `FileError` if the file cannot be written.
  public func encode(
    _ source: some CacheSource, to destination: any ByteDestination, progress: (Int) -> Void = { _ in }
  ) throws -> Outcome {
    try encode(source, with: method.profileWriter(basis: basis), to: destination, progress: progress)
  }

  /// The same by any profile, whatever `method` says.
  package func encode(
    _ source: some CacheSource, with profile: any ProfileWriter, to destination: any ByteDestination,
    progress: (Int) -> Void = { _ in }
  ) throws -> Outcome {
    try profile.check(source.description)
    try checkReadable(source.description, settings: profile.settings)
    let job = WritingJob(
      source: source, tokens: includesTokens ? source.description.tokens : nil, destination: destination, key: key,
      program: writer, width: width)
    let written = try profile.write(job, progress: progress)
    return Outcome(
      fileBytes: try written.file.commit(header: written.header.record), storedError: written.header.storedError,
      steps: written.steps)
  }

  /// Throws for a description whose header a reader would refuse: then nothing is written at all.
  private func checkReadable(_ description: CacheDescription, settings: [String]) throws {
    let lines = description.geometry.layers.count + description.ropes.count + description.provenance.count
    let most = FormatLimits.fields - 64
    guard lines <= most else {
      throw CodecError.unsuitable(
        "\(description.geometry.layers.count) layers, \(description.ropes.count) RoPEs and "
          + "\(description.provenance.count) lines of provenance, allowed are \(most) together")
    }
    let header = CacheHeader(
      description: description, profile: .lossless, settings: settings, writer: writer, storedError: nil)
    _ = try CacheHeader(parsing: RecordReader(parsing: header.record.encoded, name: "header"))
  }
}
