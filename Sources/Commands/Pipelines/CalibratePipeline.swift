import CacheCodec
import FileIO
import Foundation
import KVCacheModel
import LlamaEngine

/// `fkv calibrate`: a model and texts in, the model's basis file out.
public struct CalibratePipeline: Sendable {
  /// What the basis is learned from.
  public enum Sample: Sendable {
    /// A text for the model to read, and what to call it.
    case text(name: String, String)
    /// The path of a capture of the model, with probe queries; no model is needed for it.
    case capture(String)
  }

  public var samples: [Sample]
  /// The GGUF file; not opened if all samples are captures.
  public var model: String
  /// The basis file to write; nil for the place in the cache folder where `fkv compress` looks for it.
  public var output: String?
  /// Layers that share a basis; nil takes as many as 1024 features hold.
  public var groupLayers: Int?
  /// The smallest attention-output error that the basis is meant for; smaller makes a larger file.
  public var finestError = BasisCalibrator().finestError
  /// The most tokens of each text, from its start.
  public var tokensPerText = 4096
  /// Whether control tokens that the texts name become those tokens.
  public var parsesControl = false
  public var threads: Int

  public init(samples: [Sample], model: String, output: String?, threads: Int) {
    self.samples = samples
    self.model = model
    self.output = output
    self.threads = threads
  }

  /// What the pipeline is doing.
  public enum Stage: Sendable {
    /// The model reads the texts; counted in tokens.
    case prefill
    /// Eigenproblems; counted in bases.
    case bases
  }

  /// What a run reports.
  public struct Report: Sendable {
    public var path: String
    public var basis: ModelBasis
    /// Fewer tokens than the largest group has features: more text would make a better basis.
    public var isShort: Bool
    /// The control tokens that the texts name and that went in as plain text; empty where they were asked for.
    public var plainControlTexts: [String]
  }

  /// Positions at the end of each text whose queries weight the features.
  private static let probeQueries = 128

  /// Reads the texts and writes the basis file, which appears whole or not at all.
  ///
  /// - Parameter progress: called with what is done and all there is to do in a stage.
  /// - Throws: what is wrong with model, samples or output.
  public func run(progress: (Stage, Int, Int) -> Void = { _, _, _ in }) throws -> Report {
    // The target is opened first, so that a bad path does not cost a prefill.
    if let output { try AtomicFile(path: output).discard() }
    var calibrator = BasisCalibrator()
    calibrator.groupLayers = groupLayers
    calibrator.finestError = finestError
    for case .capture(let path) in samples {
      let source = try OpenedCache(path: path).source
      try FileFailure.naming(path) { try calibrator.add(source, name: Self.name(of: path)) }
    }
    let plainControlTexts = try read(into: &calibrator) { progress(.prefill, $0, $1) }
    let basis = try calibrator.basis(writer: FKVVersion.writer) { progress(.bases, $0, $1) }
    let path = try output ?? BasisLocation.makeRoom(fingerprint: basis.model.fingerprint)
    return Report(
      path: path, basis: try ModelBasisFile.write(basis, to: path),
      isShort: calibrator.tokens < calibrator.mostFeatures, plainControlTexts: plainControlTexts)
  }

  /// Lets the model read the texts, if there are any; returns the control tokens that went in as plain text.
  private func read(into calibrator: inout BasisCalibrator, progress: (Int, Int) -> Void) throws -> [String] {
    let texts = samples.compactMap { if case .text(let name, let text) = $0 { (name: name, text: text) } else { nil } }
    guard !texts.isEmpty else { return [] }
    let model = try LlamaModel(path: model)
    let most = min(tokensPerText, model.trainingContext)
    let prompts = try texts.map { text in
      let tokens = Array(
        try (parsesControl ? model.tokenizeWithControl(text.text) : model.tokenize(text.text)).prefix(most))
      guard !tokens.isEmpty else { throw PromptText.Failure.empty(source: text.name) }
      return tokens
    }
    let total = prompts.reduce(0) { $0 + $1.count }
    let session = try LlamaSession(
      model: model, contextTokens: prompts.map(\.count).max() ?? 1, threads: threads)
    // The engine's caches pass through a temporary file.
    let scratch = FileManager.default.temporaryDirectory.path
    var done = 0
    for (text, tokens) in zip(texts, prompts) {
      session.reset()
      _ = try session.prefill(tokens: tokens, probeQueries: Self.probeQueries) { progress(done + $0, total) }
      try calibrator.add(session.capture(scratchFolder: scratch), name: text.name)
      done += tokens.count
    }
    guard !parsesControl else { return [] }
    var seen: Set<String> = []
    return try texts.flatMap { try model.controlTexts(in: $0.text) }.filter { seen.insert($0).inserted }
  }

  /// The last part of a path: where the user keeps a file is nobody else's business.
  private static func name(of path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }
}
