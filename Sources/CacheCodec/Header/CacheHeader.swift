import FKVFormat
import Fidelity
import KVCacheModel

/// What the header of an `.fkv` says: the cache's description, how it is coded, and what that cost (formats/fkv.md §6).
public struct CacheHeader: Hashable, Sendable {
  /// Token ids are not part of the header; they have a section of their own.
  public var description: CacheDescription
  public var profile: Profile
  /// The settings of the encoder as `name=value`, for people; decoding needs none of them.
  public var settings: [String]
  /// The program that wrote the file: `fkv 0.1.0`.
  public var writer: String
  /// The attention-output error measured while compressing; nil if the cache had no probe queries.
  public var storedError: StoredError?
  /// For profile `spectral`, how many neighbouring layers each group has; empty otherwise.
  public var groupSizes: [Int]
  /// For profile `spectral` with a model basis, the basis file's hash; nil otherwise.
  public var basisHash: String?
  /// Bytes of that basis file, for reports; nil where the file does not say.
  public var basisBytes: Int?
  /// For profile `spectral`, what extending the file needs to know; nil for others and where the file does not say.
  public var spectralCoding: SpectralCoding?

  public init(
    description: CacheDescription, profile: Profile, settings: [String], writer: String, storedError: StoredError?,
    groupSizes: [Int] = [], basisHash: String? = nil, basisBytes: Int? = nil,
    spectralCoding: SpectralCoding? = nil
  ) {
    self.description = description
    self.profile = profile
    self.settings = settings
    self.writer = writer
    self.storedError = storedError
    self.groupSizes = groupSizes
    self.basisHash = basisHash
    self.basisBytes = basisBytes
    self.spectralCoding = spectralCoding
  }
}

/// The attention-output errors of all layers and query heads, in single precision, and how they were measured.
public struct StoredError: Hashable, Sendable {
  /// P, the probe queries that were used.
  public var probeQueries: Int
  public var errors: AttentionErrors

  public init(probeQueries: Int, errors: AttentionErrors) {
    self.probeQueries = probeQueries
    self.errors = AttentionErrors(layers: errors.layers.map { $0.map { Double(Float($0)) } })
  }
}

/// The tags of the header record (formats/fkv.md §6).
enum HeaderTag {
  static let profile: FieldTag = 0x0001
  static let setting: FieldTag = 0x0002
  static let writer: FieldTag = 0x0003
  static let model: FieldTag = 0x0010
  static let layers: FieldTag = 0x0020
  static let rope: FieldTag = 0x0021
  static let keyType: FieldTag = 0x0022
  static let valueType: FieldTag = 0x0023
  static let attentionScale: FieldTag = 0x0024
  static let attentionSoftcap: FieldTag = 0x0025
  static let storedError: FieldTag = 0x0030
  static let provenance: FieldTag = 0x0040
  static let groupSizes: FieldTag = 0x0050
  static let basisHash: FieldTag = 0x0051
  static let basisBytes: FieldTag = 0x0052
  static let spectral: FieldTag = 0x0053

  static let known: Set<FieldTag> = [
    profile, setting, writer, model, layers, rope, keyType, valueType, attentionScale, attentionSoftcap, storedError,
    provenance, groupSizes, basisHash, basisBytes, spectral,
  ]
  static let repeated: Set<FieldTag> = [setting, layers, rope, provenance]

  enum Model {
    static let name: FieldTag = 1
    static let architecture: FieldTag = 2
    static let fingerprint: FieldTag = 3

    static let known: Set<FieldTag> = [name, architecture, fingerprint]
  }

  enum Layers {
    static let count: FieldTag = 1
    static let kvHeads: FieldTag = 2
    static let queryHeads: FieldTag = 3
    static let headDim: FieldTag = 4
    static let tokens: FieldTag = 5
    static let firstPosition: FieldTag = 6
    static let slidingWindow: FieldTag = 7
    static let ropeIndex: FieldTag = 8

    static let known: Set<FieldTag> = [
      count, kvHeads, queryHeads, headDim, tokens, firstPosition, slidingWindow, ropeIndex,
    ]
  }

  enum RoPE {
    static let pairing: FieldTag = 1
    static let dimensions: FieldTag = 2
    static let base: FieldTag = 3
    static let scaling: FieldTag = 4
    static let inverseFrequencies: FieldTag = 5
    static let magnitude: FieldTag = 6

    static let known: Set<FieldTag> = [pairing, dimensions, base, scaling, inverseFrequencies, magnitude]
  }

  enum StoredErrors {
    static let probeQueries: FieldTag = 1
    static let heads: FieldTag = 2

    static let known: Set<FieldTag> = [probeQueries, heads]
  }

  enum Spectral {
    static let keyStep: FieldTag = 1
    static let valueStep: FieldTag = 2
    static let window: FieldTag = 3
    static let windowCoding: FieldTag = 4
    static let segmentTokens: FieldTag = 5
    static let earlierFactor: FieldTag = 6
    static let latestKeyFactor: FieldTag = 7
    static let latestValueFactor: FieldTag = 8

    static let known: Set<FieldTag> = [
      keyStep, valueStep, window, windowCoding, segmentTokens, earlierFactor, latestKeyFactor, latestValueFactor,
    ]
  }
}
