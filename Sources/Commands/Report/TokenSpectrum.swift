/// Energy along tokens of keys or values, by frequency, over all layers: of the full cache, of the reloaded one, and of
/// their difference.
///
/// For each layer and feature, |Xₙ|² of the discrete Fourier transform over the rows that are coded coarsest
/// (`FKVCache.middle`), summed over features. Frequency n/M in cycles per token; n = 0, the mean over tokens, is not in
/// the bands. A layer's energies are divided by its full cache's mean energy at n > 0, so that layers count alike.
public struct TokenSpectrum: Hashable, Sendable {
  /// What is transformed.
  public enum Signal: Hashable, Sendable {
    /// Keys with their rotary embedding undone, as profile `spectral` transforms them; as cached if they carry none.
    case plainKeys
    /// Keys as cached, as profile `fourier` transforms them.
    case cachedKeys
    case values
  }

  /// A number's least, mean and largest over layers.
  public struct Spread: Hashable, Sendable {
    public var least: Double
    public var mean: Double
    public var most: Double

    init(_ values: [Double]) {
      least = values.min() ?? 0
      most = values.max() ?? 0
      mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
  }

  /// Mean energies of neighbouring frequencies.
  public struct Band: Hashable, Sendable {
    /// The geometric middle, in cycles per token.
    public var frequency: Double
    public var full: Spread
    public var restored: Spread
    public var difference: Spread
  }

  public var signal: Signal
  /// By rising frequency; each is reached by one layer at least.
  public var bands: [Band]
  /// The share of the full cache's energy at frequency 0, averaged over layers.
  public var constantShare: Double
  /// The energy of the difference over the full cache's, frequency 0 left out, averaged over layers.
  public var lostShare: Double
  /// Layers that took part: those with a middle of two rows or more whose energies are finite and above 0.
  public var layers: Int
}

/// Bands of a logarithmic scale, each at least one frequency of the longest layer wide.
struct FrequencyBands: Hashable, Sendable {
  /// M of the longest layer.
  let length: Int
  /// Band i holds n = edges[i] ..< edges[i + 1] of that layer.
  let edges: [Int]

  /// How much higher a band begins than the one before, where that is more than one n.
  static let growth = 1.15

  init(length: Int) {
    self.length = length
    var edges = [1]
    while let last = edges.last, last <= length / 2 {
      edges.append(min(max(last + 1, Int((Double(last) * Self.growth).rounded())), length / 2 + 1))
    }
    self.edges = edges
  }

  var count: Int { edges.count - 1 }

  /// In cycles per token.
  func frequency(_ band: Int) -> Double {
    (Double(edges[band]) * Double(edges[band + 1] - 1)).squareRoot() / Double(length)
  }

  /// The band of n = 1 … `length`/2 of a layer with another M.
  func band(of n: Int, length other: Int) -> Int {
    let own = Int((Double(n) * Double(length) / Double(other)).rounded())
    return max(0, min(edges.lastIndex { $0 <= own } ?? 0, count - 1))
  }
}
