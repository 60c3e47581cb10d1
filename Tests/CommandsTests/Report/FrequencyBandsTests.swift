import Testing

@testable import Commands

@Suite struct FrequencyBandsTests {
  /// Every frequency above 0 of the longest layer lies in one band, in order.
  @Test func bandsPartTheFrequencies() {
    for length in 0...300 {
      let bands = FrequencyBands(length: length)
      #expect(bands.edges.first == 1 && bands.edges.last == length / 2 + 1)
      #expect(zip(bands.edges, bands.edges.dropFirst()).allSatisfy { $0 < $1 })
      for band in 0..<bands.count {
        for n in bands.edges[band]..<bands.edges[band + 1] { #expect(bands.band(of: n, length: length) == band) }
        #expect(bands.frequency(band) > 0 && bands.frequency(band) <= 0.5)
      }
    }
    #expect(FrequencyBands(length: 1).count == 0)
  }

  /// A shorter layer's frequencies lie in the bands whose frequencies are nearest.
  @Test func shorterLayers() {
    let bands = FrequencyBands(length: 256)
    for length in [2, 3, 17, 64, 255] {
      for n in 1...length / 2 {
        let band = bands.band(of: n, length: length)
        let own = Double(n) / Double(length) * 256
        #expect(Double(bands.edges[band]) - 0.5 <= own || band == 0)
        #expect(own <= Double(bands.edges[band + 1]) - 0.5 || band == bands.count - 1)
      }
    }
  }
}
