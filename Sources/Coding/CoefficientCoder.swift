/// Entropy coding of a matrix of quantised coefficients whose rows each have their own, unchanging distribution: for
/// example one component at one frequency, over all blocks.
///
/// Each row is coded by one of 62 static models (`CoefficientModels`) with rANS over 32 interleaved lanes; rows of zeros
/// cost no time and next to no bits. The models are known before the first symbol, so that decoding vectorises. The bytes
/// are described in formats/coding.md, "Coefficient streams".
public enum CoefficientCoder {
  /// The first byte of a stream.
  enum Kind: UInt8 {
    /// Every value is zero; nothing follows.
    case zero = 0
    /// The models stand in the stream.
    case ownModels = 1
    /// The models are those of another stream.
    case sharedModels = 2
  }

  /// Rows of model indices are coded as rows of at most this many values.
  static let sideLength = 256

  /// The shape in which the indices of `rows` rows are coded; 0 rows of 0 for none. The last row is filled with zeros.
  static func sideShape(_ rows: Int) -> (rows: Int, length: Int) {
    let sideRows = rows / sideLength + (rows % sideLength == 0 ? 0 : 1)
    return (sideRows, sideRows == 0 ? 0 : (rows - 1) / sideRows + 1)
  }

  /// The row that predicts the model of `row`, or nil for the first.
  static func predictor(_ row: Int, period: Int) -> Int? { row >= period ? row - period : row > 0 ? row - 1 : nil }

  /// Bytes of the 32 states.
  static let stateBytes = 128
}
