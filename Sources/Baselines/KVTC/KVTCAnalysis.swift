import ComputeKernels
import KVCacheModel

/// What KVTC learns before it codes: a basis and the errors of all groups, for keys and values of each set of layers.
public struct KVTCAnalysis: Sendable {
  /// The tokens that stay exact, here and in `KVTC`.
  static let sinks = 4
  static let window = 128

  /// One set of layers.
  struct Part: Sendable {
    var set: LayerSet
    var bases: [CacheKind: PrincipalBasis]
    var tables: [CacheKind: DistortionTable]
  }

  let parts: [Part]
  /// How long it took.
  public let seconds: Double

  /// Learns from other captures of the same model: one basis a kind over all layers and heads (paper, section 3).
  ///
  /// All tokens but the sinks of all captures make mean and covariance; `samples` of them, evenly spaced, the errors.
  ///
  /// - Throws: what the captures throw; `unsuitable` if they are of different layers or hold numbers that are not finite.
  public init(calibratedOn captures: [any CacheSource], samples: Int = 256) throws {
    try self.init(captures, samples: samples) { min(Self.sinks, $0)..<$0 }
  }

  /// Learns from the cache itself: what a self-contained file has to carry.
  public init(of cache: any CacheSource, samples: Int = 256) throws {
    try self.init([cache], samples: samples, rows: KVTC.middle)
  }

  private init(_ captures: [any CacheSource], samples: Int, rows: @Sendable (Int) -> Range<Int>) throws {
    let clock = ContinuousClock()
    let start = clock.now
    let sets = captures.map { LayerSet.sets(of: $0.description.geometry) }
    guard let first = sets.first,
      sets.allSatisfy({ $0.count == first.count && zip($0, first).allSatisfy { $0.matches($1) } })
    else { throw BaselineError.unsuitable("the calibration captures are not of one model's layers") }
    var parts: [Part] = []
    for index in first.indices {
      let learned = try ParallelLoop.map(2) { kind -> (PrincipalBasis, DistortionTable) in
        let kind = CacheKind.allCases[kind]
        func gather(_ capture: Int) throws -> [Float] {
          try FeatureRows.gather(captures[capture], kind, sets[capture][index], rows: rows(sets[capture][index].tokens))
        }
        let basis = try Self.basis(captures.count, width: first[index].width, gather)
        let perCapture = max(1, samples / captures.count)
        var chosen: [Float] = []
        for capture in captures.indices {
          let matrix = try gather(capture)
          let count = matrix.count / basis.width
          for sample in 0..<min(perCapture, count) {
            let row = sample * count / min(perCapture, count)
            chosen += matrix[row * basis.width..<(row + 1) * basis.width]
          }
        }
        let coefficients = try basis.project(chosen, on: 0..<basis.count)
        return (basis, try DistortionTable(samples: coefficients, count: basis.count))
      }
      parts.append(
        Part(
          set: first[index], bases: [.key: learned[0].0, .value: learned[1].0],
          tables: [.key: learned[0].1, .value: learned[1].1]))
    }
    self.parts = parts
    let duration = clock.now - start
    seconds = Double(duration.components.seconds) + 1e-18 * Double(duration.components.attoseconds)
  }

  private static func basis(
    _ captures: Int, width: Int, _ gather: (Int) throws -> [Float]
  ) throws -> PrincipalBasis {
    if captures == 1 {
      let matrix = try gather(0)
      let rows = matrix.count / width
      if rows == 0 { return PrincipalBasis(mean: [Float](repeating: 0, count: width), components: []) }
      if rows < width, let basis = PrincipalBasis.ofFewRows(matrix, width: width) { return basis }
    }
    var sum = CovarianceSum(width: width)
    for capture in 0..<captures { sum.add(try gather(capture)) }
    guard let basis = sum.basis() else {
      throw BaselineError.unsuitable("no principal components: no tokens, or numbers that are not finite")
    }
    return basis
  }
}
