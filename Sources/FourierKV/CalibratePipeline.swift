import CacheCodec
import FileIO
import KVCacheModel
import LlamaEngine

/// `fkv calibrate`: a model and texts in, the model's basis file out.
public struct CalibratePipeline: Sendable {
  /// A text and what to call it.
  public struct Text: Sendable {
    public var name: String
    public var text: String

    public init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  public var texts: [Text]
  /// The GGUF file.
  public var model: String
  /// The basis file to write; nil for the place in the cache folder where `fkv compress` looks for it.
  public var output: String?
  /// Layers that share a basis; nil takes as many as 1024 features hold.
  public var groupLayers: Int?
  /// The most tokens of each text, from its start.
  public var tokensPerText = 4096
  public var threads: Int

  public init(texts: [Text], model: String, output: String?, threads: Int) {
    self.texts = texts
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

  /// What came of it.
  public struct Report: Sendable {
    public var path: String
    public var basis: ModelBasis
    /// Fewer tokens than the largest group has features: more text would make a better basis.
    public var isShort: Bool
  }

  /// Positions at the end of each text whose queries weight the features.
  private static let probeQueries = 128

  /// Reads the texts and writes the basis file, which appears whole or not at all.
  ///
  /// - Parameter progress: called with what is done and all there is to do in a stage.
  /// - Throws: what is wrong with model, texts or output.
  public func run(progress: (Stage, Int, Int) -> Void = { _, _, _ in }) throws -> Report {
    let model = try LlamaModel(path: model)
    let path = try output ?? BasisLocation.makeRoom(fingerprint: model.identity.fingerprint)
    // The target is opened first, so that a bad path does not cost a prefill.
    try AtomicFile(path: path).discard()
    let most = min(tokensPerText, model.trainingContext)
    let prompts = try texts.map { text in
      let tokens = Array(try model.tokenize(text.text).prefix(most))
      guard !tokens.isEmpty else { throw PromptText.Failure.empty(source: text.name) }
      return tokens
    }
    guard let longest = prompts.map(\.count).max() else { throw EngineError.emptyPrompt }
    let total = prompts.reduce(0) { $0 + $1.count }
    let session = try LlamaSession(model: model, contextTokens: longest, threads: threads)
    var calibrator = BasisCalibrator()
    calibrator.groupLayers = groupLayers
    var done = 0
    for (text, tokens) in zip(texts, prompts) {
      session.reset()
      _ = try session.prefill(tokens: tokens, probeQueries: Self.probeQueries) { progress(.prefill, done + $0, total) }
      try calibrator.add(session.capture(scratchFolder: CapturePipeline.folder(of: path)), name: text.name)
      done += tokens.count
    }
    let basis = try calibrator.basis(writer: FKVVersion.writer) { progress(.bases, $0, $1) }
    return Report(
      path: path, basis: try ModelBasisFile.write(basis, to: path),
      isShort: calibrator.tokens < calibrator.mostFeatures)
  }
}
