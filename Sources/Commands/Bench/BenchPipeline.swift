import CacheCodec
import ComputeKernels
import FileIO
import Foundation
import FourierKV
import Interchange
import KVCacheModel

/// `fkv bench`: fkv's profiles and other people's methods on the same captures, by the measure of `fkv verify`.
public struct BenchPipeline: Sendable {
  /// The captures to measure on.
  public var captures: [String]
  /// Which methods, by name; all if nil.
  public var methods: Set<String>?
  /// Captures of other prompts, for methods that need a calibrated basis.
  public var calibration: [String]
  /// The basis file of method `spectral-model`; nil leaves the method out.
  public var basisFile: String?

  public init(captures: [String], methods: Set<String>? = nil, calibration: [String] = []) {
    self.captures = captures
    self.methods = methods
    self.calibration = calibration
  }

  /// Why there is nothing to compare.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// A number of a capture is a NaN or an infinity, which most methods cannot take.
    case notFinite(capture: String, kind: CacheKind, layer: Int)
    /// A calibration capture's prompt begins as a tested one does: the basis would have seen what it is tested on.
    case calibrationOverlap(calibration: String, capture: String)

    public var description: String {
      switch self {
      case .notFinite(let capture, let kind, let layer):
        "\(capture): \(kind.name)s of layer \(layer) hold numbers that are not finite"
      case .calibrationOverlap(let calibration, let capture):
        "\(calibration) begins with the same tokens as \(capture): calibrate on other texts than are tested"
      }
    }
  }

  /// Measures every method on every capture.
  ///
  /// - Parameter progress: called with points done and points in all.
  /// - Throws: what is wrong with a capture, `CacheMismatch`, `Failure`. A method that cannot take a cache is skipped and
  ///   reported.
  public func run(progress: (Int, Int) -> Void = { _, _ in }) throws -> [BenchReport] {
    let sources = try captures.map { try OpenedCache(path: $0).source }
    let learners = try calibration.map { try OpenedCache(path: $0).source }
    for (path, source) in zip(captures, sources) { try check(path, source, against: learners) }
    let contenders = BenchContenders(
      methods: methods, calibration: learners,
      basis: try basisFile.map { path in try FileFailure.naming(path) { try ModelBasisFile.read(path) } })
    var done = 0
    let total = sources.reduce(0) { $0 + contenders.count(for: $1.description) }
    return try zip(captures, sources).map { path, source in
      let cache = try source.inMemory()
      var report = BenchReport(capture: path, description: cache.description, points: [], skipped: [])
      try contenders.forEach(of: cache, skip: { report.skipped.append($0) }) { contender in
        if let point = try Self.measure(contender, on: cache, skip: { report.skipped.append($0) }) {
          report.points.append(point)
        }
        done += 1
        progress(done, total)
      }
      return report
    }
  }

  /// Writes a text, which appears whole or not at all.
  public static func write(_ text: String, to path: String) throws {
    let file = try AtomicFile(path: path)
    try file.append(Array(text.utf8))
    try file.commit()
  }

  private func check(_ path: String, _ source: any CacheSource, against learners: [any CacheSource]) throws {
    let description = source.description
    guard description.probeQueries > 0 else { throw CacheMismatch.noProbeQueries }
    for (other, learner) in zip(calibration, learners) {
      try CacheMismatch.checkModel(learner.description, against: description)
      if let tokens = description.tokens, let others = learner.description.tokens,
        zip(tokens, others).allSatisfy({ $0 == $1 })
      {
        throw Failure.calibrationOverlap(calibration: other, capture: path)
      }
    }
    for layer in description.geometry.layers.indices {
      for kind in CacheKind.allCases
      where try !source.tensor(kind, layer: layer).floats().allSatisfy(\.isFinite) {
        throw Failure.notFinite(capture: path, kind: kind, layer: layer)
      }
    }
  }

  private static func measure(
    _ contender: any BenchContender, on cache: MemoryCache, skip: (BenchReport.Skip) -> Void
  ) throws -> BenchPoint? {
    do {
      let outcome = try contender.run(cache)
      return BenchPoint(
        method: contender.method, setting: contender.setting, isProduct: contender.isProduct,
        size: CacheSize(fileBytes: outcome.fileBytes, geometry: cache.description.geometry),
        askedRatio: contender.askedRatio, outsideBytes: outcome.outsideBytes,
        comparison: try CacheComparison(of: outcome.restored, with: cache, droppedRows: outcome.droppedRows),
        encodeSeconds: outcome.encodeSeconds, decodeSeconds: outcome.decodeSeconds)
    } catch let error where contender.isUnsuitable(error) {
      skip(BenchReport.Skip(method: contender.method, setting: contender.setting, reason: "\(error)"))
      return nil
    }
  }
}
