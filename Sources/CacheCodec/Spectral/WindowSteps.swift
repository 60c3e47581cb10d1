import KVCacheModel

/// What a quantiser's step is multiplied by inside the window of profile `spectral`.
///
/// Queries to come look most at the latest tokens, so these get finer steps. How much finer is a trade: the error that
/// `verify` measures is that of the prompt's last queries, which look at the window above all; a question about something
/// far back is answered from the rest, which the window's bytes are taken from (docs/benchmarks.md has both).
public struct WindowSteps: Hashable, Sendable {
  /// For the window's first three eighths.
  public var earlier: Float
  /// For keys of the rest, at the end.
  public var latestKeys: Float
  /// For values of the rest.
  public var latestValues: Float

  /// The factors; each above 0, at most 1.
  public init(earlier: Float, latestKeys: Float, latestValues: Float) {
    precondition([earlier, latestKeys, latestValues].allSatisfy(Self.legal.contains), "factors must lie in 2⁻²⁰…1")
    (self.earlier, self.latestKeys, self.latestValues) = (earlier, latestKeys, latestValues)
  }

  /// What the format allows (formats/fkv.md §13.6).
  static let legal: ClosedRange<Float> = 0x1p-20...1

  /// ¼, ⅛ and ⅒: fewest bytes for an error at the prompt's last queries.
  public static let fine = WindowSteps(earlier: 0.25, latestKeys: 0.125, latestValues: 0.1)
  /// ½, 0.35 and 0.3: at a given size, what lies far back is found better, and text is continued as well.
  public static let even = WindowSteps(earlier: 0.5, latestKeys: 0.35, latestValues: 0.3)

  /// The steps that `--window-steps` names: `fine` and `even`.
  public static let named: [(name: String, steps: WindowSteps)] = [("fine", .fine), ("even", .even)]

  /// The steps with that name; nil for any other name.
  public init?(name: String) {
    guard let match = Self.named.first(where: { $0.name == name }) else { return nil }
    self = match.steps
  }

  /// Outside the window, a component's frequency with fewer non-zero coefficients than this fraction is dropped. Rare
  /// ones hardly show in an error, and may be all that tells a sentence that nobody has looked at from another.
  var smallestDensity: Double { self == .fine ? 0.1 : 0.05 }

  /// What the keys' step is multiplied by against the balance that the error at the probe queries asks for: finer keys
  /// tell apart what nobody has looked at yet.
  var keyBalance: Float { self == .fine ? 1 : 0.85 }

  /// The factor for a zone.
  func factor(_ zone: SegmentPlan.Zone, _ kind: CacheKind) -> Float {
    switch zone {
    case .body: 1
    case .window: earlier
    case .latest: kind == .key ? latestKeys : latestValues
    }
  }
}
