import KVCacheModel
import SpectralTransform

/// Feature bases made for a model from other texts: what a basis file holds (formats/fkv.md §14).
public struct ModelBasis: Sendable {
  /// The model that it was made for.
  public var model: ModelIdentity
  /// Layers that share a basis; T of the shapes is without meaning.
  public var groups: [LayerGroup]
  /// One a group.
  public var keys: [Part]
  public var values: [Part]
  /// XXH3-64 of the file's metadata, sections' hashes among it, in hexadecimal: what an `.fkv` names it by.
  public var hash: String
  /// Bytes of the basis file.
  public var fileBytes: Int

  /// The basis of a group's keys or values.
  public struct Part: Sendable {
    /// One a layer and head.
    public var weights: [Float]
    public var basis: QuantisedBasis
  }

  /// The part of a group's keys or values.
  func part(_ kind: CacheKind, group: Int) -> Part { kind == .key ? keys[group] : values[group] }

  /// Whether the basis fits a cache's shape, layer by layer, whatever its tokens.
  func fits(_ geometry: CacheGeometry) -> Bool {
    groups.reduce(0) { $0 + $1.count } == geometry.layers.count
      && groups.allSatisfy { group in
        geometry.layers[group.layers].allSatisfy {
          $0.kvHeads == group.shape.kvHeads && $0.headDim == group.shape.headDim
            && $0.tokens == geometry.layers[group.firstLayer].tokens
        }
      }
  }

  /// The groups with the shapes that they have in a cache.
  func groups(in geometry: CacheGeometry) -> [LayerGroup] {
    groups.map { LayerGroup(firstLayer: $0.firstLayer, count: $0.count, shape: geometry.layers[$0.firstLayer]) }
  }
}
