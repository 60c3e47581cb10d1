import FKVFormat
import Interchange
import KVCacheModel
import LlamaEngine

/// How a cache is to be written in a format.
public struct CacheWriting: Sendable {
  /// The format's name, one of those that are written.
  public var format: String
  /// The pairs that written keys rotate; nil takes what the format's programs expect of the model.
  public var keyPairs: RotaryEmbedding.Pairing?
  /// The model that the cache is for, if it is at hand.
  public var model: ModelFacts?
  /// The context of the program that is to read the file, which decides a LongRoPE model's factors; nil if not known.
  public var context: Int?
  public var options = WriteOptions()
  /// Whether the prompt's token ids are written, where the format holds them; a format that needs them then refuses.
  public var includesTokens = true
  /// Encrypts an `.fkv`; other formats know no encryption.
  public var key: FileKey?

  public init(format: String) { self.format = format }

  /// The names of cell types that llama.cpp files are written with.
  public static var cellTypeNames: [String] { LlamaCellType.allCases.filter(\.canEncode).map(\.name) }

  /// Sets how llama.cpp files' cells are written, by names of `cellTypeNames`; nil keeps the cache's element type.
  public mutating func setCells(keys: String?, values: String?, transposesValues: Bool) {
    func type(_ name: String?) -> LlamaCellType? { LlamaCellType.allCases.first { $0.name == name } }
    options.cells = LlamaCellLayout(
      keyType: type(keys), valueType: type(values), transposesValues: transposesValues)
  }

  /// Why a cache cannot be written as it is asked for.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The format does not hold that element type; `allowed` are those it does.
    case elementType(path: String, format: String, type: ElementType, allowed: [ElementType])
    /// Which pairs the format's programs rotate in models of that architecture is not known.
    case keyLayout(path: String, architecture: String)
    /// The model takes other rotary factors in contexts longer than `originalContext`, and the reader's is not known.
    case unknownContext(path: String, carried: LongRope, originalContext: Int)
    /// Keys would have to be turned to the model's other factors, which are not at hand.
    case unknownFactors(path: String, carried: LongRope)

    public var description: String {
      switch self {
      case .elementType(let path, let format, let type, let allowed):
        "\(path): \(format) does not hold \(type.safetensorsName); --output-dtype takes "
          + allowed.map { $0.safetensorsName.lowercased() }.joined(separator: ", ")
      case .unknownContext(let path, let carried, let original):
        "\(path): the keys carry the model's \(carried.rawValue) rotary factors; programs take the short ones in contexts of "
          + "up to \(original) tokens and the long ones beyond: give the reader's context with --for-context"
      case .unknownFactors(let path, let carried):
        "\(path): the keys carry the model's \(carried.rawValue) rotary factors, and which the reader takes, or what they "
          + "are, is in the model's file: convert with --model"
      case .keyLayout(let path, let architecture):
        "\(path): which elements of a key rotate together in the target is not known for "
          + (architecture.isEmpty ? "an unnamed architecture" : "architecture '\(architecture)'")
          + "; give --key-layout"
      }
    }
  }

  var target: any CacheFormat { CacheFormats.named(format, key: key)! }

  /// What a cache must be known to have before it can be written.
  var needs: Set<CacheFact> { target.needs }

  /// Writes a cache; the file appears whole or not at all.
  ///
  /// - Parameter keyConvention: whose layout the keys of `source` have; nil where its description says it.
  /// - Returns: what the file lacks.
  func write(
    _ source: any CacheSource, keyConvention: KeyConvention?, to path: String, afterLayer: (Int) throws -> Void
  ) throws -> [ConversionLoss] {
    let target = target
    for kind in CacheKind.allCases {
      let type = source.description.elementType(of: kind)
      guard target.elementTypes.contains(type) else {
        throw Failure.elementType(path: path, format: format, type: type, allowed: target.elementTypes)
      }
    }
    var options = options
    options.stateFormat = options.stateFormat ?? model?.stateFormat
    if let container = (target as? any LlamaStateContaining)?.container {
      let linked = container.linkedVersion
      options.stateVersion = options.stateVersion ?? (container.writableVersions.contains(linked) ? linked : nil)
    }
    let tokenless = includesTokens ? nil : TokenlessCache(source: source)
    let turned = try turned(tokenless ?? source, for: target, path)
    let laidOut = try laidOut(turned, keyConvention, for: target, path)
    return try (tokenless?.losses ?? []) + target.write(laidOut, to: path, options: options, afterLayer: afterLayer)
  }

  /// `source` with the keys that the target's programs expect.
  private func laidOut(
    _ source: any CacheSource, _ convention: KeyConvention?, for target: any CacheFormat, _ path: String
  ) throws -> any CacheSource {
    let description = source.description
    let architecture = description.model.architecture
    let wanted: RotaryEmbedding.Pairing
    if let keyPairs {
      wanted = keyPairs
    } else {
      guard let expected = target.keyConvention, expected != convention else { return source }
      let fromModel = expected == .llamaCpp ? model?.ropes.first { $0.pairing != .none }?.pairing : nil
      guard let pairing = fromModel ?? expected.pairing(architecture: architecture) else {
        throw Failure.keyLayout(path: path, architecture: architecture)
      }
      wanted = pairing
    }
    let described = description.ropes.first { $0.pairing != .none }?.pairing
    guard let present = described ?? convention?.pairing(architecture: architecture) else {
      throw MissingFacts(path: path, facts: [.keyPairs])
    }
    return present == wanted ? source : KeyLayoutCache(source, pairing: wanted)
  }
}
