import CacheCodec
import FKVFormat
import Fidelity
import FileIO
import FourierKV
import Interchange
import KVCacheModel

/// `fkv verify`: is the file whole, and what does attention over it lose against the full cache?
public struct VerifyPipeline: Sendable {
  public var path: String
  /// A capture of the same prompt; without it only the file's integrity is checked.
  public var reference: String?
  /// What a model is to go on with from both caches; needs a reference.
  public var continuation: Continuation?
  /// The basis file, if the file needs one; nil looks in the cache folder.
  public var basisFile: String?
  /// The key of encrypted files among the inputs; nil reads those only that are not encrypted.
  public var key: FileKey?
  /// What decoding may take.
  public var limits = DecodingLimits()

  public init(path: String, reference: String? = nil) {
    self.path = path
    self.reference = reference
  }

  /// What was found.
  public struct Report: Sendable {
    public var header: CacheHeader
    public var size: CacheSize
    /// Damaged sections; empty in a whole file.
    public var findings: [SectionFinding]
    public var sectionCount: Int
    /// nil without a reference, or if sections are damaged.
    public var comparison: CacheComparison?
    /// What the model predicts over the file's cache against the reference; nil without a continuation, or if sections
    /// are damaged.
    public var predictions: PredictionComparison?
    /// The context that the model was trained with, if `predictions` went beyond it.
    public var exceededContext: Int?
  }

  /// Checks and compares.
  ///
  /// - Parameters:
  ///   - progress: called with layers done and layers in all while comparing.
  ///   - predicting: called with tokens done and tokens in all while going on from both caches.
  /// - Throws: what is wrong with either file; `CacheMismatch` if they are not of the same prompt and model; what is
  ///   wrong with the continuation or its model, before anything is compared.
  public func run(
    progress: (Int, Int) -> Void = { _, _ in }, predicting: (Int, Int) -> Void = { _, _ in }
  ) throws -> Report {
    precondition(continuation == nil || reference != nil, "a continuation needs a reference")
    let damaged = try NamedFKVCache(path: path, basis: nil, salvaging: true, key: key).cache
    if let error = damaged.reader.metadataError { throw FileFailure(path: path, error: error) }
    var report = Report(
      header: damaged.header,
      size: CacheSize(fileBytes: damaged.reader.fileBytes, geometry: damaged.description.geometry),
      findings: try damaged.reader.verifyAll(), sectionCount: damaged.reader.sections.count)
    guard report.findings.isEmpty else { return report }
    let named = try NamedFKVCache(path: path, basis: BasisFinder(file: basisFile), decoding: limits, key: key)
    let cache = named.cache
    if let reference {
      let full = try OpenedCache(path: reference, basis: BasisFinder(file: basisFile, looksFurther: true), key: key)
        .source
      try CacheMismatch.check(cache.description, against: full.description)
      let continuation = try continuation?.pipeline(after: full.description)
      report.comparison = try CacheComparison(of: named, with: full, droppedRows: [], progress: progress)
      report.exceededContext = continuation?.exceededContext(after: full.description)
      report.predictions = try continuation?.run(full: full, restored: named, progress: predicting)
    } else {
      for layer in cache.description.geometry.layers.indices {
        for kind in CacheKind.allCases { _ = try named.tensor(kind, layer: layer) }
        progress(layer + 1, cache.description.geometry.layers.count)
      }
    }
    return report
  }
}
