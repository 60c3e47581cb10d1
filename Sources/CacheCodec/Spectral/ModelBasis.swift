import KVCacheModel
import SpectralTransform

/// Feature bases made for a model from other texts: what a basis file holds (formats/fkv.md §14).
public struct ModelBasis: Hashable, Sendable {
  /// The model that it was made for.
  public var model: ModelIdentity
  /// Layers that share a basis; T of the shapes is without meaning.
  public var groups: [LayerGroup]
  /// One a group.
  public var keys: [Part]
  public var values: [Part]
  /// What it was learned from.
  public var calibration: Calibration
  /// The file's metadata hash, which covers the hash of every section, as 16 hexadecimal digits: what an `.fkv` names
  /// the file by. Empty before there is a file.
  public var hash = ""
  /// Bytes of the basis file; 0 before there is one.
  public var fileBytes = 0

  /// The basis of a group's keys or values.
  public struct Part: Hashable, Sendable {
    /// One a layer and head.
    public var weights: [Float]
    public var basis: QuantisedBasis

    /// S, the components that the file holds; the others are their free complement.
    public var components: Int { basis.count }
  }

  /// Where a basis comes from; for people, coding needs none of it.
  public struct Calibration: Hashable, Sendable {
    public var texts: [Text]
    /// The settings as `name=value`.
    public var settings: [String]
    /// The program that made the basis: `fkv 0.1.0`.
    public var writer: String

    public init(texts: [Text], settings: [String], writer: String) {
      self.texts = texts
      self.settings = settings
      self.writer = writer
    }

    /// A text that the model read.
    public struct Text: Hashable, Sendable {
      public var name: String
      public var tokens: Int

      public init(name: String, tokens: Int) {
        self.name = name
        self.tokens = tokens
      }
    }

    /// Tokens of all texts.
    public var tokens: Int { texts.reduce(0) { $0 + $1.tokens } }
  }

  /// The part of a group's keys or values.
  func part(_ kind: CacheKind, group: Int) -> Part { kind == .key ? keys[group] : values[group] }

  /// Whether the basis fits a cache's shape, whatever its tokens; the layers of each group must be alike.
  func fits(_ geometry: CacheGeometry) -> Bool {
    groups.reduce(0) { $0 + $1.count } == geometry.layers.count
      && groups.allSatisfy { group in
        geometry.layers[group.layers].allSatisfy {
          $0.kvHeads == group.shape.kvHeads && $0.headDim == group.shape.headDim
            && $0 == geometry.layers[group.firstLayer]
        }
      }
  }

  /// Throws unless the basis can code a cache: `CodecError.basisOfOtherModel` (unknown fingerprints are no difference),
  /// `CodecError.unsuitable` for another shape.
  func check(_ description: CacheDescription) throws {
    let (own, other) = (model, description.model)
    if own.isKnownToDiffer(from: other, otherFormer: description.formerFingerprint) {
      func label(_ model: ModelIdentity) -> String {
        "\(model.name.isEmpty ? "unnamed" : model.name) (\(model.fingerprint))"
      }
      throw CodecError.basisOfOtherModel(basis: label(own), cache: label(other))
    }
    guard fits(description.geometry) else {
      throw CodecError.unsuitable("the basis file was made for a cache of another shape")
    }
  }

  /// The groups with the shapes that they have in a cache.
  func groups(in geometry: CacheGeometry) -> [LayerGroup] {
    groups.map { LayerGroup(firstLayer: $0.firstLayer, count: $0.count, shape: geometry.layers[$0.firstLayer]) }
  }
}
