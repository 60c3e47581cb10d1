import CacheCodec
import FKVFormat
import Interchange
import KVCacheModel

/// `fkv compress`: a cache file in, an `.fkv` out.
public struct CompressPipeline: Sendable {
  public var input: String
  public var output: String
  public var method: CacheEncoder.Method
  /// Whether the prompt's token ids go into the file.
  public var includesTokens = true
  /// Whether profile `spectral` takes the model's basis in the cache folder, if there is one, instead of `embedded`.
  public var prefersModelBasis = false
  /// How to read an input of another program's format.
  public var reading = CacheReading()
  /// The basis file for basis `model`, and for an input that needs it; nil looks in the cache folder.
  public var basisFile: String?
  /// The key of an encrypted input, and of the output; nil reads and writes what is not encrypted.
  public var key: FileKey?

  public init(input: String, output: String, method: CacheEncoder.Method) {
    self.input = input
    self.output = output
    self.method = method
  }

  /// What a run reports.
  public struct Report: Sendable {
    public var description: CacheDescription
    public var profile: Profile
    public var size: CacheSize
    /// nil if the cache has no probe queries.
    public var storedError: StoredError?
    /// Where the bases of profile `spectral` come from; nil for other profiles.
    public var basisSource: BasisSource?
    /// The basis file that reading the output needs.
    public var basis: OutsideBasis?
    /// What the input had lost, or lost in being read.
    public var losses: [LossSummary] = []
    /// The ratio that was asked for, where even the coarsest steps left the file larger.
    public var unmetRatio: Double?
  }

  /// A basis file that an `.fkv` needs.
  public struct OutsideBasis: Hashable, Sendable {
    public var path: String
    public var hash: String
    public var bytes: Int
  }

  /// Compresses; the output appears whole or not at all.
  ///
  /// - Parameter progress: called after each layer with layers done and layers in all.
  public func run(progress: (Int, Int) -> Void = { _, _ in }) throws -> Report {
    let opened = try Input(self)
    let tokenless = includesTokens ? nil : TokenlessCache(source: opened.source)
    let source = tokenless ?? opened.source
    let layers = source.description.geometry.layers.count
    let (method, found) = try resolved(source.description)
    if let basisFile, found == nil, !opened.needsBasis { throw BasisFailure.unused(basisFile) }
    var encoder = CacheEncoder(method, writer: FKVVersion.writer)
    encoder.includesTokens = includesTokens
    encoder.basis = found?.basis
    encoder.key = key
    let outcome = try encoder.encode(source, to: output) { progress($0, layers) }
    var basisSource: BasisSource?
    if case .spectral(let parameters) = method { basisSource = parameters.basis }
    let size = CacheSize(fileBytes: outcome.fileBytes, geometry: source.description.geometry)
    var unmetRatio: Double?
    if case .spectral(let parameters) = method, case .ratio(let asked) = parameters.rate, size.ratio < asked {
      unmetRatio = asked
    }
    return Report(
      description: source.description, profile: method.profile, size: size,
      storedError: outcome.storedError, basisSource: basisSource,
      basis: found.map { OutsideBasis(path: $0.path, hash: $0.basis.hash, bytes: $0.basis.fileBytes) },
      losses: (opened.losses + (tokenless?.losses ?? [])).map(LossSummary.init), unmetRatio: unmetRatio)
  }

  /// The input, of a format of fkv's own or another program's.
  private struct Input {
    var source: any CacheSource
    var needsBasis = false
    private var foreign: CacheReading.Opened?

    init(_ pipeline: CompressPipeline) throws {
      let isNamed = pipeline.reading.format.map { !["fkv", "capture", "safetensors"].contains($0) } ?? false
      guard try isNamed || OpenedCache.foreignFormat(of: FormatItem(path: pipeline.input)) != nil else {
        let opened = try OpenedCache(
          path: pipeline.input, basis: BasisFinder(file: pipeline.basisFile, looksFurther: true), key: pipeline.key)
        (source, needsBasis) = (opened.source, opened.needsBasis)
        return
      }
      let opened = try pipeline.reading.open(pipeline.input, needs: CaptureFormat().needs)
      (source, foreign) = (opened.source, opened)
    }

    /// What the input had lost, and what its numbers lost in the tensors read so far.
    var losses: [ConversionLoss] { foreign?.losses ?? [] }
  }

  /// The method with its basis settled, and that basis if it is a model's.
  private func resolved(_ description: CacheDescription) throws -> (CacheEncoder.Method, BasisFinder.Found?) {
    guard case .spectral(var parameters) = method else { return (method, nil) }
    let finder = BasisFinder(file: basisFile)
    let former = description.formerFingerprint
    if parameters.basis == .model { return (method, try finder.basis(for: description.model, former: former)) }
    guard prefersModelBasis, let found = try finder.basisInFolder(for: description.model, former: former) else {
      return (method, nil)
    }
    parameters.basis = .model
    return (.spectral(parameters), found)
  }
}
