import FKVFormat
import FileIO
import Foundation
import KVCacheModel

/// `fkv report`: everything that is to be said of an `.fkv`, given its full cache.
public struct ReportPipeline: Sendable {
  public var path: String
  /// A capture of the same prompt, with probe queries.
  public var reference: String
  /// What `fkv bench --json` printed of the same cache.
  public var benchResult: String?
  /// What a model is to go on with from both caches.
  public var continuation: Continuation?
  /// The basis file, if the file needs one; nil looks in the cache folder.
  public var basisFile: String?
  /// The key of encrypted files among the inputs; nil reads those only that are not encrypted.
  public var key: FileKey?

  public init(path: String, reference: String) {
    self.path = path
    self.reference = reference
  }

  /// What is being done.
  public enum Stage: Sendable {
    /// Layers are compared.
    case comparing
    /// The model goes on from both caches.
    case predicting
    /// Layers are transformed.
    case surveying
  }

  /// Why there is nothing to report.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// Sections of the file fail their checksums.
    case damaged(path: String, findings: [SectionFinding], sections: Int)

    public var description: String {
      switch self {
      case .damaged(let path, let findings, let sections):
        "\(path): \(findings.count) of \(sections) sections are damaged, first: \(findings[0])"
      }
    }
  }

  /// Gathers the contents: compares both caches, and decodes the file a second time for the spectra.
  ///
  /// - Parameter progress: called with a stage, and what is done of it and in all: layers or tokens.
  /// - Throws: `BenchResultError`, `Failure`; what `VerifyPipeline.run` throws. Nothing is compared before the bench
  ///   result is read.
  public func run(progress: (Stage, Int, Int) -> Void = { _, _, _ in }) throws -> ReportContents {
    let bench = try benchResult.map { try BenchResult.read($0) }
    var inspect = InspectPipeline(path: path)
    inspect.key = key
    let inspection = try inspect.run()
    let geometry = inspection.header.description.geometry
    let rates = try bench?.capture(of: geometry, reference: reference, path: benchResult!)
    var verify = VerifyPipeline(path: path, reference: reference)
    verify.continuation = continuation
    verify.basisFile = basisFile
    verify.key = key
    let found = try verify.run(
      progress: { progress(.comparing, $0, $1) }, predicting: { progress(.predicting, $0, $1) })
    guard let comparison = found.comparison else {
      throw Failure.damaged(path: path, findings: found.findings, sections: found.sectionCount)
    }
    let finder = BasisFinder(file: basisFile)
    let named = try NamedFKVCache(path: path, basis: finder, key: key)
    let full = try OpenedCache(path: reference, basis: BasisFinder(file: basisFile, looksFurther: true), key: key)
      .source
    let survey = try CacheSurvey(named, with: full) { progress(.surveying, $0, $1) }
    return ReportContents(
      files: try files(), inspection: inspection, account: ByteAccount(inspection), comparison: comparison,
      predictions: found.predictions, spectra: survey.spectra, depth: survey.depth, rates: rates)
  }

  /// Gathers the contents and writes what `render` makes of them to `output`, which appears whole or not at all; a target
  /// that cannot be written is found out before anything is read.
  ///
  /// - Returns: the contents, and the bytes that were written.
  /// - Throws: as `run`; `FileError`.
  public func write(
    to output: String, progress: (Stage, Int, Int) -> Void = { _, _, _ in }, render: (ReportContents) -> String
  ) throws -> (contents: ReportContents, bytes: Int) {
    let file = try AtomicFile(path: output)
    let contents = try run(progress: progress)
    let page = Array(render(contents).utf8)
    try file.append(page)
    try file.commit()
    return (contents, page.count)
  }

  private func files() throws -> [ReportContents.File] {
    let named: [(String, String?)] = [
      ("cache", path), ("reference", reference), ("basis", basisFile), ("bench result", benchResult),
    ]
    return try named.compactMap { role, path in
      guard let path else { return nil }
      let (hash, bytes) = try FileHash.xxh3(of: path)
      let digits = String(hash, radix: 16)
      return ReportContents.File(
        role: role, path: path, bytes: bytes, hash: String(repeating: "0", count: 16 - digits.count) + digits)
    }
  }
}
