/// A tensor of token ids in the file of a cache, as its file declares it.
struct SavedTokens {
  var name: String
  var shape: [Int]
  var type: SafetensorsDataType

  /// Why it cannot be the ids of one sequence; nil if it can.
  var fault: String? {
    guard shape.count == 1 || shape.count == 2 else { return "shape \(shape)" }
    if shape.count == 2, shape[0] != 1 { return "\(shape[0]) rows" }
    guard [.int64, .int32, .uint32, .int16].contains(type) else { return "numbers of type \(type.rawValue)" }
    return nil
  }
}

extension ForeignFacts {
  /// Takes token ids over where they are those of the cached tokens; otherwise says in `losses` why they are left out.
  ///
  /// - Throws: what `read` throws.
  mutating func take(_ saved: SavedTokens, read: () throws -> [UInt8]) throws {
    func leaveOut(_ why: String) {
      losses.append(ConversionLoss(.dropped, "the token ids in \"\(excerpt(saved.name))\" are left out: \(why)"))
    }
    if let fault = saved.fault { return leaveOut(fault) }
    let longest = layers.map(\.tokens).max() ?? 0
    let count = saved.shape.last!
    guard count >= longest else { return leaveOut("\(count) ids for \(longest) cached tokens") }
    let bytes = try read()
    let ids: [Int64] =
      switch saved.type {
      case .int64: bytes.littleEndian(as: Int64.self)
      case .int32: bytes.littleEndian(as: Int32.self).map(Int64.init)
      case .uint32: bytes.littleEndian(as: UInt32.self).map(Int64.init)
      default: bytes.littleEndian(as: Int16.self).map(Int64.init)
      }
    let narrow = ids.compactMap(Int32.init(exactly:))
    guard narrow.count == ids.count else { return leaveOut("\(ids.first { Int32(exactly: $0) == nil }!) is no id") }
    tokens = narrow
  }
}
