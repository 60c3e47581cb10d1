/// A fact about a cache that a file may leave open.
public enum CacheFact: String, Hashable, Sendable, CaseIterable {
  case tokens, kvHeads, headDim, queryHeads, rope, keyPairs, attentionScale, shape, elementType, axes, cellRotation
  case slidingLayers, architecture, engineContext

  /// What it is, for a sentence.
  public var title: String {
    switch self {
    case .tokens: "the token ids"
    case .kvHeads: "the number of KV heads"
    case .headDim: "the head dimension"
    case .queryHeads: "the number of query heads"
    case .rope: "the rotary embedding"
    case .keyPairs: "which elements of a key rotate together"
    case .attentionScale: "the attention scale"
    case .shape: "the shape"
    case .elementType: "the element type"
    case .axes: "the order of the axes"
    case .cellRotation: "whether its quantised cells were rotated"
    case .slidingLayers: "which layers have a sliding window"
    case .architecture: "the model's architecture"
    case .engineContext: "for which context its keys were computed, which decides between the model's rotary factors"
    }
  }

  /// The options that supply it.
  public var options: String {
    switch self {
    case .tokens: "--tokens"
    case .kvHeads: "--model or --kv-heads"
    case .headDim: "--model or --head-dim"
    case .queryHeads: "--model or --query-heads"
    case .rope: "--model, or --rope-theta and --rope-pairs"
    case .keyPairs: "--rope-pairs"
    case .attentionScale: "--model or --attention-scale"
    case .shape: "--shape"
    case .elementType: "--dtype"
    case .axes: "--layout"
    case .cellRotation: "--cell-rotation"
    case .slidingLayers: "--model"
    case .architecture: "--model or --architecture"
    case .engineContext: "--engine-context"
    }
  }
}

/// Facts that are needed and known from nowhere.
public struct MissingFacts: Error, Equatable, Sendable, CustomStringConvertible {
  public var path: String
  public var facts: [CacheFact]

  public init(path: String, facts: [CacheFact]) {
    self.path = path
    self.facts = facts
  }

  public var description: String {
    let parts = facts.map { "\($0.title) (give \($0.options))" }
    return "\(path): the file does not say " + parts.joined(separator: "; nor ")
  }
}

/// What the user supplied is not what the file says.
public struct FactConflict: Error, Equatable, Sendable, CustomStringConvertible {
  public var path: String
  /// What it is about: `KV heads of layer 3`.
  public var what: String
  public var file: String
  public var supplied: String

  public init(path: String, what: String, file: String, supplied: String) {
    self.path = path
    self.what = what
    self.file = file
    self.supplied = supplied
  }

  public var description: String { "\(path): \(what): the file has \(file), but \(supplied) was supplied" }
}
