import CacheCodec
import Evaluation
import KVCacheModel

/// Runs an evaluation: every method on every cell that the log does not hold yet.
public struct EvalRunner<Task: EvalTask> {
  public typealias Contents = RunLogContents<Task.Cell, EvalResult<Task.Score>>
  typealias Log = RunLog<Task.Cell, EvalResult<Task.Score>>

  public var task: Task
  public var methods: [EvalMethod]
  /// Where results are kept; nil keeps them in memory.
  public var log: String?
  /// Which of the cells to work on.
  public var shard = Shard.whole
  /// The basis file of methods that need one; nil looks in the cache folder.
  public var basisFile: String?

  public init(_ task: Task, methods: [EvalMethod], log: String? = nil) {
    self.task = task
    self.methods = methods
    self.log = log
  }

  /// Runs what is missing; returns all that the log holds then, of other shards and earlier runs too.
  ///
  /// - Parameter progress: called after each piece of work.
  /// - Throws: `RunLogError` if the log was made with other settings, `FileError` if it cannot be written,
  ///   `BasisFailure` if a method lacks its basis; what task, methods and engine throw. What was logged stays.
  public func run(on engine: EvalEngine, progress: (EvalProgress) -> Void = { _ in }) throws -> Contents {
    let model = engine.model.identity
    let needsBasis = methods.contains(where: \.needsBasis)
    let basis =
      try needsBasis
      ? BasisFinder(file: basisFile).basis(for: model, former: engine.model.formerFingerprint).basis : nil
    let log = try Log(path: log, head: head(model: model, basis: basis))
    let open = shard.part(of: task.cells).map { cell in
      (cell: cell, methods: methods.filter { !log.contains(cell, $0.name) })
    }.filter { !$0.methods.isEmpty }
    var tracker = EvalTracker(
      results: open.reduce(0) { $0 + $1.methods.count },
      work: open.reduce(0) { $0 + task.work(of: $1.cell) * Double($1.methods.count + 1) })
    for (cell, methods) in open {
      let work = task.work(of: cell)
      let prompt = try task.prompt(of: cell)
      let cache = try engine.prefill(prompt.cached)
      var reference: Task.Reference?
      progress(tracker.finish(work))
      for method in methods {
        let line = try line(
          of: method, basis: basis, cell: cell, prompt: prompt, cache: cache, reference: &reference, engine: engine)
        try log.append(line)
        progress(tracker.finish(work, results: 1))
      }
    }
    return log.contents
  }

  /// The head of the log, all that results depend on.
  private func head(model: ModelIdentity, basis: ModelBasis?) -> RunHead {
    var settings = task.settings
    settings["model"] = "\(model.name) (\(model.fingerprint))"
    settings["probe queries"] = "\(EvalEngine.probeQueries)"
    settings["writer"] = FKVVersion.writer
    settings["basis"] = basis?.hash
    return RunHead(kind: task.kind, settings: settings)
  }

  /// What a method gives in a cell.
  private func line(
    of method: EvalMethod, basis: ModelBasis?, cell: Task.Cell, prompt: EvalPrompt, cache: MemoryCache,
    reference: inout Task.Reference?, engine: EvalEngine
  ) throws -> Log.Line {
    if reference == nil {
      if Task.Reference.self != Void.self { try engine.load(cache) }
      reference = try task.reference(of: cell, prompt: prompt, on: engine)
    }
    do {
      let kept = try method.keep(cache, basis: basis)
      let (_, loadSeconds) = try timed { try engine.load(kept.cache, dropping: kept.droppedPositions) }
      let (score, scoreSeconds) = try timed {
        try task.score(of: cell, prompt: prompt, reference: reference!, on: engine)
      }
      let geometry = cache.description.geometry
      let cost = EvalCost(
        cachedTokens: geometry.tokens, fileBytes: kept.fileBytes,
        rawBytes: CacheSize(fileBytes: 0, geometry: geometry).rawBytes, outsideBytes: kept.outsideBytes,
        encodeSeconds: kept.encodeSeconds, decodeSeconds: kept.decodeSeconds, loadSeconds: loadSeconds,
        scoreSeconds: scoreSeconds)
      return Log.Line(cell: cell, method: method.name, result: EvalResult(cost: cost, score: score))
    } catch let error as EvalMethod.Unsuitable {
      return Log.Line(cell: cell, method: method.name, skipped: error.reason)
    }
  }
}
