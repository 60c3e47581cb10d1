import TestSupport
import Testing

@testable import Coding

@Suite struct CoefficientHostileTests {
  private let rows = 9
  private let rowLength = 50
  private var values: [Int16] { mixedRows(rows, rowLength, seed: 4) }
  private var coded: [UInt8] { CoefficientCoder.encode(values, rows: rows, rowLength: rowLength) }

  /// Every lane at 2^16: where encoding begins and decoding ends.
  private let lowStates: [UInt8] = (0..<128).map { $0 % 4 == 2 ? 1 : 0 }
  /// Every lane at an escape: slot 32767 is that of every table.
  private let escapeStates: [UInt8] = (0..<128).map { [0xff, 0x7f, 1, 0][$0 % 4] }

  /// Every level throws the same error.
  private func expect(_ error: CodingError, _ coded: [UInt8], shared: CoefficientModels? = nil) {
    for level in SIMDLevel.available {
      #expect(throws: error) {
        try CoefficientCoder.decode(coded, rows: rows, rowLength: rowLength, shared: shared, level: level)
      }
    }
  }

  @Test func headerFields() {
    expect(.truncated(part: "coefficient stream", offset: 0, needed: 1, available: 0), [])
    expect(.unknownMethod(part: "coefficient stream", offset: 0, method: 3), [3])
    expect(.trailingBytes(offset: 1, count: 2), [0, 0, 0])
    expect(.truncated(part: "coefficient header", offset: 1, needed: 3, available: 2), [1, 0, 1])
    expect(.unknownMethod(part: "coefficient family", offset: 1, method: 2), [1, 2, 1, 0])
    expect(.impossibleSize(part: "coefficient period", declared: 0, least: 1, most: 65535), [1, 0, 0, 0])
    expect(.truncated(part: "coefficient side models", offset: 4, needed: 1, available: 0), [1, 0, 1, 0])
    expect(.corrupt(part: "coefficient side models", offset: 4), [1, 0, 1, 0, 63])
    expect(.truncated(part: "coefficient states", offset: 5, needed: 132, available: 1), [1, 0, 1, 0, 0, 0])
    expect(.truncated(part: "coefficient states", offset: 1, needed: 132, available: 0), [2])
  }

  @Test func sharedModelsThatAreMissing() {
    let models = CoefficientModels(for: values, rows: rows, rowLength: rowLength)
    let coded = CoefficientCoder.encode(values, rows: rows, rowLength: rowLength, shared: models)
    expect(.corrupt(part: "coefficient models", offset: 0), coded)
  }

  @Test func statesBelowTheirRange() {
    var bad = coded
    bad[9 + 4 * 7 + 2] = 0
    bad[9 + 4 * 7 + 3] = 0
    expect(.corrupt(part: "coefficient states", offset: 9 + 4 * 7), bad)
  }

  @Test func wordsAndEscapesThatEndTooEarly() {
    // Every lane starts low, so that words are needed soon; one row of one model, no escapes.
    let states = lowStates
    let models = CoefficientModels(family: .laplace, indices: [UInt8](repeating: 62, count: rows))
    expect(.corrupt(part: "coefficient words", offset: 133), [2, 0, 0, 0, 0] + states, shared: models)
    let escapes = escapeStates
    let words = [UInt8](repeating: 0xff, count: 4000)
    let count: [UInt8] = [0xd0, 7, 0, 0]
    expect(.corrupt(part: "coefficient escapes", offset: 4133), [2] + count + escapes + words, shared: models)
  }

  @Test func escapesBeyondInt16() {
    // An excess of 2^15 - 1: fifteen zeros, then sixteen bits, then the sign.
    let escapes = escapeStates
    let count: [UInt8] = [0xd0, 7, 0, 0]
    let models = CoefficientModels(family: .normal, indices: [UInt8](repeating: 3, count: rows))
    let stream = [2] + count + escapes + [UInt8](repeating: 0xff, count: 4000)
    expect(.corrupt(part: "coefficient escapes", offset: 4133), stream + [0, 1, 0, 0, 0], shared: models)
    // Sixteen zeros stand for nothing.
    expect(.corrupt(part: "coefficient escapes", offset: 4133), stream + [0, 0, 255, 255, 255], shared: models)
  }

  @Test func bytesThatBelongToNothing() {
    let zeroRows = CoefficientModels(family: .normal, indices: [UInt8](repeating: 0, count: rows))
    let states = lowStates
    expect(.trailingBytes(offset: 133, count: 4), [2, 2, 0, 0, 0] + states + [1, 2, 3, 4], shared: zeroRows)
    expect(
      .corrupt(part: "coefficient escapes", offset: 133), [2, 0, 0, 0, 0] + states + [0], shared: zeroRows)
    var moved = states
    moved[0] = 1
    expect(.corrupt(part: "coefficient states", offset: 5), [2, 0, 0, 0, 0] + moved, shared: zeroRows)
  }

  @Test func modelsOutOfRange() {
    // A side row of model 62 from states whose high parts are zero: every index becomes -2048 or less.
    let states = lowStates
    let header: [UInt8] = [1, 0, 1, 0, 62, 0, 1, 0, 0]
    let stream = header + states + [UInt8](repeating: 0, count: 512)
    expect(.corrupt(part: "coefficient models", offset: 137), stream)
  }

  @Test func everyTruncationThrows() {
    let coded = coded
    for kept in 0..<coded.count {
      for level in SIMDLevel.available {
        #expect(throws: CodingError.self, "\(kept) bytes, \(level)") {
          try CoefficientCoder.decode(
            Array(coded[..<kept]), rows: rows, rowLength: rowLength, shared: nil, level: level)
        }
      }
    }
  }

  /// The outcome of decoding: the values, or the error.
  private func outcome(_ coded: [UInt8], _ rowLength: Int, _ level: SIMDLevel) -> Result<[Int16], CodingError> {
    Result { () throws(CodingError) in
      do {
        return try CoefficientCoder.decode(coded, rows: rows, rowLength: rowLength, shared: nil, level: level)
      } catch { throw error as! CodingError }
    }
  }

  @Test func mutationsHaveTheSameOutcomeOnEveryLevel() {
    var generator = RepeatableGenerator(seed: 11)
    let long = CoefficientCoder.encode(mixedRows(rows, 200, seed: 6), rows: rows, rowLength: 200)
    for _ in 0..<3000 {
      var bad = long
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        // Half of the mutations strike the header, the states and the first words.
        let end = Bool.random(using: &generator) ? bad.count : 160
        bad[Int.random(in: 0..<end, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if Int.random(in: 0..<8, using: &generator) == 0 { bad.removeLast(Int.random(in: 1...40, using: &generator)) }
      let expected = outcome(bad, 200, .reference)
      for level in SIMDLevel.available.dropFirst() { #expect(outcome(bad, 200, level) == expected) }
    }
  }
}
