import Foundation
import TestSupport
import Testing

@testable import Commands

@Suite struct LayerSpectrumTests {
  private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = RepeatableGenerator(seed: seed)
    return (0..<count).map { _ in generator.normal() }
  }

  /// w(n)·Σ|Xₙ|²/M by its definition.
  private static func reference(
    _ values: [Float], heads: Int, tokens: Int, dim: Int, rows: Range<Int>
  ) -> [Double] {
    let m = rows.count
    return (0...m / 2).map { n in
      var energy = 0.0
      for head in 0..<heads {
        for i in 0..<dim {
          var (re, im) = (0.0, 0.0)
          for (t, row) in rows.enumerated() {
            let angle = 2 * Double.pi * Double(n * t % m) / Double(m)
            let x = Double(values[(head * tokens + row) * dim + i])
            re += x * cos(angle)
            im -= x * sin(angle)
          }
          energy += re * re + im * im
        }
      }
      return energy * (n == 0 || 2 * n == m ? 1 : 2) / Double(m)
    }
  }

  @Test(arguments: [0..<1, 0..<2, 3..<10, 1..<9, 0..<12]) func energiesAreThoseOfTheDefinition(rows: Range<Int>) {
    let (heads, tokens, dim) = (2, 12, 3)
    let (x, y) = (Self.numbers(72, seed: 1), Self.numbers(72, seed: 2))
    let found = LayerSpectrum(full: x, restored: y, kvHeads: heads, tokens: tokens, headDim: dim, rows: rows)
    let expected = [x, y, zip(x, y).map { $0 - $1 }].map {
      Self.reference($0, heads: heads, tokens: tokens, dim: dim, rows: rows)
    }
    // Each of the m terms is rounded log₂ m ≤ 4 times in single precision, and numbers stay below 6.
    let tolerance = 4 * Double(rows.count) * 36 * 6 * Double(Float.ulpOfOne)
    for (found, expected) in zip([found.full, found.restored, found.difference], expected) {
      #expect(found.count == rows.count / 2 + 1)
      for (a, b) in zip(found, expected) { #expect(abs(a - b) <= tolerance) }
    }
    // Parseval: all energies together are the rows' energy.
    let energy = (0..<heads * dim).reduce(0.0) { sum, feature in
      rows.reduce(sum) { $0 + pow(Double(x[(feature / dim * tokens + $1) * dim + feature % dim]), 2) }
    }
    #expect(abs(found.full.reduce(0, +) - energy) <= tolerance)
  }

  @Test func noRows() {
    let found = LayerSpectrum(full: [], restored: [], kvHeads: 1, tokens: 0, headDim: 4, rows: 0..<0)
    #expect(found.full == [0] && found.variableEnergy == nil)
  }

  /// One wave in a layer of 64 rows is all in the band of its frequency.
  @Test func oneWave() throws {
    let wave = (0..<64).map { Float(3 + cos(2 * Double.pi * 8 * Double($0) / 64)) }
    let layer = LayerSpectrum(
      full: wave, restored: [Float](repeating: 3, count: 64), kvHeads: 1, tokens: 64, headDim: 1, rows: 0..<64)
    let bands = FrequencyBands(length: 64)
    var sum = TokenSpectrumSum(.values, bands: bands)
    sum.add(layer)
    let spectrum = try #require(sum.spectrum)
    // 9 against ½ by Parseval.
    #expect(abs(spectrum.constantShare - 9 / 9.5) < 1e-6 && abs(spectrum.lostShare - 1) < 1e-6)
    let own = bands.band(of: 8, length: 64)
    let width = Double(bands.edges[own + 1] - bands.edges[own])
    for (index, band) in spectrum.bands.enumerated() {
      let expected = index == own ? 32 / width : 0
      #expect(abs(band.full.mean - expected) < 1e-5 && abs(band.difference.mean - expected) < 1e-5)
      #expect(band.restored.mean < 1e-10)
    }
  }

  /// Layers of different scales and lengths count alike, and what has no spectrum does not count.
  @Test func layersAreGathered() throws {
    let bands = FrequencyBands(length: 32)
    var sum = TokenSpectrumSum(.plainKeys, bands: bands)
    let noise = Self.numbers(32, seed: 3)
    func layer(_ values: [Float]) -> LayerSpectrum {
      LayerSpectrum(
        full: values, restored: values, kvHeads: 1, tokens: values.count, headDim: 1, rows: 0..<values.count)
    }
    for none in [[], [1], [2, 2, 2, 2], [1, .nan, 2], [.infinity, 1]] as [[Float]] { sum.add(layer(none)) }
    #expect(sum.spectrum == nil)
    sum.add(layer(noise))
    let one = try #require(sum.spectrum)
    sum.add(layer(noise.map { 1024 * $0 }))
    let two = try #require(sum.spectrum)
    // Powers of two change no digit.
    #expect(two.layers == 2 && one.bands == two.bands)
    #expect(two.bands.count == bands.count && two.lostShare == 0)
    sum.add(layer(Array(noise.prefix(8))))
    let three = try #require(sum.spectrum)
    #expect(three.layers == 3 && three.bands.count == bands.count)
    // A layer of 8 rows has nothing at frequencies below 1/8.
    #expect(three.bands[0] == two.bands[0] && three.bands.last != two.bands.last)
    #expect(three.bands.allSatisfy { $0.full.least <= $0.full.mean && $0.full.mean <= $0.full.most })
  }
}
