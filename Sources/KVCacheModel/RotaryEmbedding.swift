/// What a model's rotary position embedding (RoFormer, arXiv 2104.09864) did to the keys of a cache.
///
/// A key of position p was rotated pair by pair: pair i of a head turned by the angle p · `inverseFrequencies[i]`,
/// and was multiplied by `magnitude`. Linear, NTK, YaRN, Llama-3 and LongRoPE scaling all change only these numbers,
/// so whoever undoes the rotation needs nothing else; `base` and `scaling` say where they came from.
public struct RotaryEmbedding: Hashable, Sendable {
  /// Which two elements of a head form pair i of n (n = `dimensions` / 2).
  public enum Pairing: UInt8, Hashable, Sendable, CaseIterable {
    /// Keys carry no rotation (or none that is known).
    case none = 0
    /// Elements 2i and 2i + 1 (llama.cpp's NORM).
    case interleaved = 1
    /// Elements i and i + n (llama.cpp's NEOX, Transformers' `rotate_half`).
    case halfSplit = 2

    /// `none`, `interleaved` or `half-split`: the name in files and tables.
    public var name: String {
      switch self {
      case .none: "none"
      case .interleaved: "interleaved"
      case .halfSplit: "half-split"
      }
    }

    /// The pairing with that name; nil for any other name.
    public init?(name: String) {
      guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
      self = match
    }
  }

  public var pairing: Pairing
  /// How many elements of a head, from its first, are rotated; even, at most D.
  public var dimensions: Int
  /// θ in θ^(−2i/dimensions), as the model file names it.
  public var base: Double
  /// `none`, `linear`, `yarn`, `llama3`, `longrope`, …: the model file's word for how frequencies were scaled.
  public var scaling: String
  /// Radians per position of each pair, scaling included; `dimensions` / 2 of them.
  public var inverseFrequencies: [Double]
  /// What rotated elements were multiplied by besides the rotation; 1 except for YaRN and LongRoPE.
  public var magnitude: Double

  public init(
    pairing: Pairing, dimensions: Int, base: Double, scaling: String, inverseFrequencies: [Double],
    magnitude: Double = 1
  ) {
    precondition(dimensions >= 0 && dimensions % 2 == 0 && inverseFrequencies.count == dimensions / 2)
    precondition(magnitude > 0 && magnitude.isFinite)
    self.pairing = pairing
    self.dimensions = dimensions
    self.base = base
    self.scaling = scaling
    self.inverseFrequencies = inverseFrequencies
    self.magnitude = magnitude
  }

  /// The embedding of a model without scaling: pair i turns by p · base^(−2i/dimensions).
  public init(pairing: Pairing, dimensions: Int, base: Double) {
    self.init(
      pairing: pairing, dimensions: dimensions, base: base, scaling: "none",
      inverseFrequencies: Self.unscaledFrequencies(dimensions: dimensions, base: base))
  }

  /// base^(−2i/dimensions) for i = 0 ..< dimensions/2.
  public static func unscaledFrequencies(dimensions: Int, base: Double) -> [Double] {
    (0..<dimensions / 2).map { exponential(base, -2 * Double($0) / Double(dimensions)) }
  }

  /// Keys without any rotation.
  public static let none = RotaryEmbedding(
    pairing: .none, dimensions: 0, base: 1, scaling: "none", inverseFrequencies: [])

  /// The two elements of a head that form pair `index`.
  public func elements(ofPair index: Int) -> (Int, Int) {
    pairing == .interleaved ? (2 * index, 2 * index + 1) : (index, index + dimensions / 2)
  }
}
