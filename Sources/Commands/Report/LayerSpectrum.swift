import SpectralTransform

/// Energy along tokens of one layer's keys or values at n = 0 … M/2, summed over features.
struct LayerSpectrum: Sendable {
  /// M.
  let length: Int
  /// w(n)·Σ|Xₙ|²/M with w = 1 at n = 0 and n = M/2 and 2 elsewhere: their sum is the energy of the rows.
  private(set) var full: [Double]
  private(set) var restored: [Double]
  private(set) var difference: [Double]

  /// The spectrum of `rows` of tensors (H, T, D).
  init(full values: [Float], restored others: [Float], kvHeads: Int, tokens: Int, headDim: Int, rows: Range<Int>) {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= tokens && values.count == others.count)
    let m = rows.count
    length = m
    full = Array(repeating: 0, count: m / 2 + 1)
    restored = full
    difference = full
    guard m > 0 else { return }
    let plan = RealFourierPlan.plan(length: m)
    var signal = [Float](repeating: 0, count: m)
    var (x, y) = (
      [Float](repeating: 0, count: 2 * plan.spectrumCount), [Float](repeating: 0, count: 2 * plan.spectrumCount)
    )
    for feature in 0..<kvHeads * headDim {
      let first = (feature / headDim * tokens + rows.lowerBound) * headDim + feature % headDim
      for t in 0..<m { signal[t] = values[first + t * headDim] }
      plan.forward(&signal, into: &x)
      for t in 0..<m { signal[t] = others[first + t * headDim] }
      plan.forward(&signal, into: &y)
      for n in full.indices {
        let (a, b, c, d) = (Double(x[2 * n]), Double(x[2 * n + 1]), Double(y[2 * n]), Double(y[2 * n + 1]))
        let weight = (n == 0 || 2 * n == m ? 1.0 : 2.0) / Double(m)
        full[n] += weight * (a * a + b * b)
        restored[n] += weight * (c * c + d * d)
        difference[n] += weight * ((a - c) * (a - c) + (b - d) * (b - d))
      }
    }
  }

  /// The full cache's energy at n > 0; nil if that is 0, or if any energy is not finite.
  var variableEnergy: Double? {
    let energy = full.dropFirst().reduce(0, +)
    let isFinite = (energy + full[0] + restored.reduce(0, +) + difference.reduce(0, +)).isFinite
    return energy > 0 && isFinite ? energy : nil
  }
}

/// Spectra of layers, gathered into one.
struct TokenSpectrumSum {
  private let signal: TokenSpectrum.Signal
  private let bands: FrequencyBands
  private var full: [[Double]]
  private var restored: [[Double]]
  private var difference: [[Double]]
  private var constantShares: [Double] = []
  private var lostShares: [Double] = []

  init(_ signal: TokenSpectrum.Signal, bands: FrequencyBands) {
    self.signal = signal
    self.bands = bands
    full = Array(repeating: [], count: bands.count)
    restored = full
    difference = full
  }

  /// Adds a layer, if it has a spectrum.
  mutating func add(_ layer: LayerSpectrum) {
    guard layer.length >= 2, bands.count > 0, let energy = layer.variableEnergy else { return }
    constantShares.append(layer.full[0] / (energy + layer.full[0]))
    lostShares.append(layer.difference.dropFirst().reduce(0, +) / energy)
    var members: [[Int]] = Array(repeating: [], count: bands.count)
    for n in 1...layer.length / 2 { members[bands.band(of: n, length: layer.length)].append(n) }
    let unit = energy / Double(layer.length / 2)
    for (band, members) in members.enumerated() where !members.isEmpty {
      func mean(_ energies: [Double]) -> Double {
        members.reduce(0) { $0 + energies[$1] } / Double(members.count) / unit
      }
      full[band].append(mean(layer.full))
      restored[band].append(mean(layer.restored))
      difference[band].append(mean(layer.difference))
    }
  }

  /// nil if no layer took part.
  var spectrum: TokenSpectrum? {
    guard !constantShares.isEmpty else { return nil }
    return TokenSpectrum(
      signal: signal,
      bands: (0..<bands.count).filter { !full[$0].isEmpty }.map { band in
        TokenSpectrum.Band(
          frequency: bands.frequency(band), full: TokenSpectrum.Spread(full[band]),
          restored: TokenSpectrum.Spread(restored[band]), difference: TokenSpectrum.Spread(difference[band]))
      }, constantShare: TokenSpectrum.Spread(constantShares).mean, lostShare: TokenSpectrum.Spread(lostShares).mean,
      layers: constantShares.count)
  }
}
