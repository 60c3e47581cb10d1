import CKernels

/// The parts of a coefficient stream, checked against its bytes, and the state of reading it.
struct CoefficientStream {
  let kind: CoefficientCoder.Kind
  private let rows: Int
  private var family = CoefficientModels.Family.laplace
  private var period = 1
  /// Where the side rows' model indices stand.
  private var sideModels = 0..<0
  private var statesOffset = 0
  private var wordsOffset = 0
  private var escapesOffset = 0
  private let coded: UnsafeRawBufferPointer
  private var reader = fkv_rans_reader()

  /// Reads the header of a stream of `rows` rows.
  init(_ coded: UnsafeRawBufferPointer, rows: Int) throws {
    self.coded = coded
    self.rows = rows
    guard let first = coded.first else {
      throw CodingError.truncated(part: "coefficient stream", offset: 0, needed: 1, available: 0)
    }
    guard let kind = CoefficientCoder.Kind(rawValue: first) else {
      throw CodingError.unknownMethod(part: "coefficient stream", offset: 0, method: first)
    }
    self.kind = kind
    switch kind {
    case .zero:
      guard coded.count == 1 else { throw CodingError.trailingBytes(offset: 1, count: coded.count - 1) }
    case .ownModels:
      try readModelHeader()
      try readCounts(at: sideModels.upperBound)
    case .sharedModels:
      try readCounts(at: 1)
    }
  }

  private func need(_ part: String, at offset: Int, _ count: Int) throws {
    guard count <= coded.count - offset else {
      throw CodingError.truncated(part: part, offset: offset, needed: count, available: coded.count - offset)
    }
  }

  private mutating func readModelHeader() throws {
    try need("coefficient header", at: 1, 3)
    guard let family = CoefficientModels.Family(rawValue: coded[1]) else {
      throw CodingError.unknownMethod(part: "coefficient family", offset: 1, method: coded[1])
    }
    self.family = family
    period = Int(coded[2]) | Int(coded[3]) << 8
    guard period > 0 else {
      throw CodingError.impossibleSize(part: "coefficient period", declared: 0, least: 1, most: 65535)
    }
    let sideRows = CoefficientCoder.sideShape(rows).rows
    try need("coefficient side models", at: 4, sideRows)
    sideModels = 4..<4 + sideRows
    for at in sideModels where coded[at] > CoefficientModels.largestIndex {
      throw CodingError.corrupt(part: "coefficient side models", offset: at)
    }
  }

  private mutating func readCounts(at offset: Int) throws {
    statesOffset = offset + 4
    try need("coefficient states", at: offset, 4 + CoefficientCoder.stateBytes)
    wordsOffset = statesOffset + CoefficientCoder.stateBytes
    let wordBytes = 2 * Int(UInt32(littleEndian: coded.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    try need("coefficient words", at: wordsOffset, wordBytes)
    escapesOffset = wordsOffset + wordBytes
    for lane in 0..<32 {
      let at = statesOffset + 4 * lane
      let state = UInt32(littleEndian: coded.loadUnaligned(fromByteOffset: at, as: UInt32.self))
      guard state >= 1 << 16 else { throw CodingError.corrupt(part: "coefficient states", offset: at) }
      withUnsafeMutableBytes(of: &reader.state) { $0.storeBytes(of: state, toByteOffset: 4 * lane, as: UInt32.self) }
    }
    let base = coded.baseAddress!.assumingMemoryBound(to: UInt8.self)
    reader.words = base + wordsOffset
    reader.words_end = base + escapesOffset
    reader.escapes = base + escapesOffset
    reader.escape_bits = 8 * UInt64(coded.count - escapesOffset)
  }

  /// The stream's own models, or nil if it has none. To be called first where it has some.
  mutating func decodeModels(_ level: SIMDLevel) throws -> CoefficientModels? {
    guard kind == .ownModels else { return nil }
    let shape = CoefficientCoder.sideShape(rows)
    var side = [Int16](repeating: 0, count: shape.rows * shape.length)
    try side.withUnsafeMutableBufferPointer {
      try decode(CoefficientModels(family: .laplace, indices: Array(coded[sideModels])), shape.length, into: $0, level)
    }
    var indices = [UInt8](repeating: 0, count: rows)
    for row in 0..<rows {
      let predicted = CoefficientCoder.predictor(row, period: period).map { Int(indices[$0]) } ?? 0
      let index = predicted + Int(side[row])
      guard index >= 0, index <= CoefficientModels.largestIndex else {
        throw CodingError.corrupt(part: "coefficient models", offset: wordsOffset)
      }
      indices[row] = UInt8(index)
    }
    guard side[rows...].allSatisfy({ $0 == 0 }) else {
      throw CodingError.corrupt(part: "coefficient models", offset: wordsOffset)
    }
    return CoefficientModels(family: family, indices: indices)
  }

  /// Decodes the next rows, one a model.
  mutating func decode(
    _ models: CoefficientModels, _ rowLength: Int, into target: UnsafeMutableBufferPointer<Int16>, _ level: SIMDLevel
  ) throws {
    guard let values = target.baseAddress, rowLength > 0 else { return }
    let tables = RansTables.of(models.family)
    let result = models.indices.withUnsafeBufferPointer { indices in
      level == .reference
        ? RansReference.decode(&reader, tables, indices, length: rowLength, values)
        : fkv_rans_result(
          UInt32(
            fkv_rans_decode(
              level.rawValue, &reader, tables.models, indices.baseAddress, indices.count, rowLength, values)))
    }
    switch result {
    case fkv_rans_done: return
    case fkv_rans_no_words: throw CodingError.corrupt(part: "coefficient words", offset: wordsOffset)
    default: throw CodingError.corrupt(part: "coefficient escapes", offset: escapesOffset)
    }
  }

  /// Checks that everything was used and that every lane is back where encoding began.
  func finish() throws {
    let left = reader.words_end - reader.words
    guard left == 0 else { throw CodingError.trailingBytes(offset: escapesOffset - left, count: left) }
    let isInitial = withUnsafeBytes(of: reader.state) { $0.bindMemory(to: UInt32.self).allSatisfy { $0 == 1 << 16 } }
    guard isInitial else { throw CodingError.corrupt(part: "coefficient states", offset: statesOffset) }
    let unused = reader.escape_bits - reader.escape_bit
    guard unused < 8, unused == 0 || coded[coded.count - 1] & UInt8(1 << unused - 1) == 0 else {
      throw CodingError.corrupt(part: "coefficient escapes", offset: escapesOffset)
    }
  }
}
