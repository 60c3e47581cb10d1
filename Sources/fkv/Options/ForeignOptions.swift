import ArgumentParser
import Commands
import KVCacheModel

/// What a file of another program may not say of its cache.
struct ForeignOptions: ParsableArguments {
  @Option(help: "The input's format (default: told by its content; see 'fkv convert --list').") var from: String?
  @Option(help: "The cache's model, a GGUF file: heads, windows, RoPE, attention scale, fingerprint.") var model:
    String?
  @Option(help: "A text file of the prompt's token ids.") var tokens: String?
  @Option(help: "The model's architecture: llama, qwen2, …") var architecture: String?
  @Option(name: .customLong("kv-heads"), number: .within(1...65_536), help: "Heads that keys and values have.")
  var kvHeads: Int?
  @Option(name: .customLong("head-dim"), number: .within(1...65_536), help: "Numbers of one head of a key.")
  var headDim: Int?
  @Option(name: .customLong("query-heads"), number: .within(1...65_536), help: "Heads that queries have.")
  var queryHeads: Int?
  @Option(name: .customLong("rope-theta"), number: .aboveZero, help: "Base of the rotary embedding, unscaled.")
  var ropeTheta: Double?
  @Option(
    name: .customLong("rope-pairs"),
    help: "Which elements of the file's keys rotate together: interleaved, half-split or none.")
  var ropePairs: RotaryEmbedding.Pairing?
  @Option(
    name: .customLong("rope-dimensions"), number: .within(1...65_536),
    help: "Elements of a head that are rotated (default: the head dimension).")
  var ropeDimensions: Int?
  @Option(
    name: .customLong("engine-context"), number: .atLeast(1),
    help: "The context of the program that made the input: decides between a longrope model's rotary factors.")
  var engineContext: Int?
  @Option(name: .customLong("attention-scale"), number: .aboveZero, help: "What q·k is multiplied by.")
  var attentionScale: Float?
  @Option(number: .atLeast(0), help: "The sequence to take of a file that holds several.") var sequence: Int32?
  @Option(
    name: .customLong("cell-rotation"),
    help: "Whether llama.cpp rotated the quantised cells of a file that does not say: hadamard or none.")
  var cellRotation: CellRotation?
  @Option(
    number: .list(of: .atLeast(1)),
    help: ArgumentHelp("The shape of a headerless file, outermost first.", valueName: "n,n,…"))
  var shape: NumberList<Int>?
  @Option(help: "The element type of a headerless file: f16, bf16 or f32.") var dtype: ElementType?
  @Option(
    help: ArgumentHelp(
      "The axes of '--shape', one letter each: L layer, C key and value, T token, H head, D.",
      valueName: "letters"))
  var layout: String?

  enum CellRotation: String, ExpressibleByArgument, CaseIterable {
    case hadamard, none
  }

  func validate() throws {
    if let from, !CacheFormats.names(.read).contains(from) {
      throw ValidationError("'--from' has no '\(from)'; there are \(CacheFormats.names(.read).joined(separator: ", "))")
    }
    if let shape, shape.numbers.count > 8 { throw ValidationError("'--shape' must have 8 numbers or fewer") }
    for (name, isGiven) in [
      ("--kv-heads", kvHeads != nil), ("--head-dim", headDim != nil), ("--query-heads", queryHeads != nil),
      ("--architecture", architecture != nil), ("--rope-theta", ropeTheta != nil),
      ("--rope-dimensions", ropeDimensions != nil), ("--attention-scale", attentionScale != nil),
    ] where isGiven && model != nil {
      throw ValidationError("'\(name)' and '--model' are mutually exclusive: the model says it")
    }
  }

  /// How to read an input; loads the model and reads the token ids.
  func reading() throws -> CacheReading {
    var reading = CacheReading()
    reading.format = from
    reading.supplied = try CacheReading.supplied(model: model, tokenIDs: tokens)
    reading.supplied.architecture = architecture
    reading.supplied.kvHeads = kvHeads
    reading.supplied.headDim = headDim
    reading.supplied.queryHeads = queryHeads
    reading.supplied.ropeTheta = ropeTheta
    reading.supplied.ropePairs = ropePairs
    reading.supplied.ropeDimensions = ropeDimensions
    reading.supplied.attentionScale = attentionScale
    reading.supplied.engineContext = engineContext
    reading.supplied.sequence = sequence
    reading.supplied.cellsAreRotated = cellRotation.map { $0 == .hadamard }
    reading.supplied.shape = shape?.numbers
    reading.supplied.elementType = dtype
    reading.supplied.axes = layout
    return reading
  }
}

extension RotaryEmbedding.Pairing: ExpressibleByArgument {
  /// The pairing of that name; `half` is `half-split`.
  public init?(argument: String) { self.init(name: argument == "half" ? "half-split" : argument) }
  public static var allValueStrings: [String] { allCases.map(\.name) }
}

extension ElementType: ExpressibleByArgument {
  public init?(argument: String) { self.init(safetensorsName: argument.uppercased()) }
  public static var allValueStrings: [String] { allCases.map { $0.safetensorsName.lowercased() } }
}
