import TestSupport

/// `count` values of a Laplace distribution of the scale given, rounded.
func laplaceValues(_ count: Int, scale: Float, using generator: inout RepeatableGenerator) -> [Int16] {
  (0..<count).map { _ in

    let magnitude = -scale * Float.random(in: Float.leastNonzeroMagnitude..<1, using: &generator).logarithm
    let value = (Bool.random(using: &generator) ? magnitude : -magnitude).rounded(.toNearestOrEven)
    return Int16(max(-32768, min(32767, value)))
  }
}

/// Rows of many scales, from nearly all zero to as wide as Int16, one outlier in some.
func mixedRows(_ rows: Int, _ rowLength: Int, seed: UInt64) -> [Int16] {
  var generator = RepeatableGenerator(seed: seed)
  let scales: [Float] = [0, 0.06, 0.1, 0.2, 0.4, 0.8, 1.5, 2.5, 4, 9, 40, 700, 9000, 1e6]
  return (0..<rows).flatMap { _ in
    var row = laplaceValues(rowLength, scale: scales.randomElement(using: &generator)!, using: &generator)
    if rowLength > 0, Int.random(in: 0..<4, using: &generator) == 0 {
      row[Int.random(in: 0..<rowLength, using: &generator)] = Int16.random(in: .min ... .max, using: &generator)
    }
    return row
  }
}
