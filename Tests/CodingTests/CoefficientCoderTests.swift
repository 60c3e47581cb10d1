import TestSupport
import Testing

@testable import Coding

@Suite struct CoefficientCoderTests {
  /// Encodes on every level, checks that the bytes agree, decodes them on every level and checks the values.
  private func check(_ values: [Int16], _ rows: Int, _ rowLength: Int, period: Int = 1) throws {
    let coded = SIMDLevel.available.map { level in
      values.withUnsafeBufferPointer {
        CoefficientCoder.encode($0, rows: rows, rowLength: rowLength, period: period, shared: nil, level: level)
      }
    }
    #expect(coded.allSatisfy { $0 == coded[0] })
    for level in SIMDLevel.available {
      let decoded = try CoefficientCoder.decode(coded[0], rows: rows, rowLength: rowLength, shared: nil, level: level)
      #expect(decoded == values, "\(level), \(rows) rows of \(rowLength)")
    }
  }

  @Test func everySmallShape() throws {
    for rows in 0...5 {
      for rowLength in 0...70 {
        try check(mixedRows(rows, rowLength, seed: UInt64(rows * 71 + rowLength)), rows, rowLength)
      }
    }
  }

  @Test(arguments: [(300, 33), (520, 64), (40, 248), (3, 4099)]) func largerShapes(rows: Int, rowLength: Int) throws {
    try check(mixedRows(rows, rowLength, seed: 5), rows, rowLength, period: 16)
  }

  @Test func zerosTakeOneByte() throws {
    for (rows, rowLength) in [(0, 0), (0, 7), (7, 0), (1, 1), (1000, 300)] {
      let zeros = [Int16](repeating: 0, count: rows * rowLength)
      #expect(CoefficientCoder.encode(zeros, rows: rows, rowLength: rowLength) == [0])
      #expect(try CoefficientCoder.decode([0], rows: rows, rowLength: rowLength) == zeros)
    }
  }

  @Test func oneOutlierAnywhere() throws {
    for value in [Int16.min, -32767, -300, -1, 1, 15, 16, 32767] {
      for place in [0, 31, 32, 99] {
        var values = [Int16](repeating: 0, count: 300)
        values[100 + place] = value
        try check(values, 3, 100)
      }
    }
  }

  @Test func everyValueOfInt16() throws {
    try check((Int16.min ... .max).map { $0 }, 256, 256)
    try check((Int16.min ... .max).map { $0 }, 16, 4096)
  }

  @Test func extremesOnly() throws {
    for value in [Int16.min, .max] {
      for rowLength in [1, 31, 32, 33, 64] {
        try check([Int16](repeating: value, count: 2 * rowLength), 2, rowLength)
      }
    }
  }

  @Test func everyModelDecodesWhatItEncodes() throws {
    let rowLength = 77
    for family in CoefficientModels.Family.allCases {
      for index in 1...CoefficientModels.largestIndex {
        let values = mixedRows(3, rowLength, seed: UInt64(index))
        let models = CoefficientModels(family: family, indices: [index, index, index])
        let coded = SIMDLevel.available.map { level in
          values.withUnsafeBufferPointer {
            CoefficientCoder.encode($0, rows: 3, rowLength: rowLength, period: 1, shared: models, level: level)
          }
        }
        #expect(coded.allSatisfy { $0 == coded[0] })
        for level in SIMDLevel.available {
          #expect(
            try CoefficientCoder.decode(coded[0], rows: 3, rowLength: rowLength, shared: models, level: level) == values
          )
        }
      }
    }
  }

  @Test func partsShareTheModelsOfTheWhole() throws {
    let (rows, rowLength) = (50, 96)
    let values = mixedRows(rows, rowLength, seed: 9)
    let models = CoefficientModels(for: values, rows: rows, rowLength: rowLength)
    for columns in [0..<32, 32..<33, 33..<96] {
      let part = (0..<rows).flatMap {
        values[$0 * rowLength + columns.lowerBound..<$0 * rowLength + columns.upperBound]
      }
      let coded = CoefficientCoder.encode(part, rows: rows, rowLength: columns.count, shared: models)
      #expect(try CoefficientCoder.decode(coded, rows: rows, rowLength: columns.count, shared: models) == part)
    }
  }

  @Test func modelsCanBeReadAlone() throws {
    let values = mixedRows(700, 20, seed: 2)
    for period in [1, 7, 16, 699, 65535] {
      let models = CoefficientModels(for: values, rows: 700, rowLength: 20, period: period)
      let coded = CoefficientCoder.encode(values, rows: 700, rowLength: 20, period: period)
      #expect(try coded.withUnsafeBytes { try CoefficientCoder.models(in: $0, rows: 700) } == models)
    }
    #expect(try [UInt8(0)].withUnsafeBytes { try CoefficientCoder.models(in: $0, rows: 700) } == nil)
  }

  /// Bits a value against the entropy of the distribution that the values were drawn from, whose own deviation on this
  /// many values is below 1 % (one part in √(65536 · p) of the rarer outcomes at the lowest rate here).
  @Test(arguments: [Float(0.137), 0.201, 0.318, 0.7, 2.064]) func isWithinTwoPercentOfTheEntropy(scale: Float) {
    var generator = RepeatableGenerator(seed: 1)
    let values = laplaceValues(1 << 18, scale: scale, using: &generator)
    let counts = values.reduce(into: [Int16: Int]()) { $0[$1, default: 0] += 1 }
    let entropyBits = counts.values.reduce(Float(0)) {
      $0 - Float($1) * (Float($1) / Float(values.count)).logarithm / Float(2).logarithm
    }
    let coded = CoefficientCoder.encode(values, rows: 64, rowLength: 4096)
    #expect(Float(8 * coded.count) < 1.02 * entropyBits + 8 * 200)
  }
}
