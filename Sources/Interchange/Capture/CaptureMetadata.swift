import KVCacheModel

/// A capture's metadata texts, looked up and parsed one key at a time.
struct CaptureMetadata {
  let path: String
  let texts: [String: String]

  /// The text under `key`, which every capture has.
  func text(_ key: String) throws(CaptureError) -> String {
    guard let text = texts[key] else { throw .missingKey(path: path, key: key) }
    return text
  }

  /// An integer of `range` under `key`.
  func integer(_ key: String, in range: ClosedRange<Int>) throws(CaptureError) -> Int {
    try parse(key, expected: "an integer \(range.lowerBound)…\(range.upperBound)") { cursor in
      try Self.element(&cursor, in: range)
    }
  }

  /// A finite number of `Scalar`'s range above 0 under `key`.
  func positive<Scalar: LosslessStringConvertible & BinaryFloatingPoint>(
    _ key: String, as type: Scalar.Type
  ) throws(CaptureError) -> Scalar {
    try parse(key, expected: "a finite number above 0") { cursor in
      guard let value = Scalar(try cursor.number()), value.isFinite, value > 0 else { return nil }
      return value
    }
  }

  /// `count` finite numbers in a list under `key`; the text's length bounds what is allocated.
  func numbers(_ key: String, count: Int) throws(CaptureError) -> [Double] {
    try parse(key, expected: "a list of \(count) finite numbers") { cursor in
      try Self.list(&cursor, count: count) { cursor in
        guard let value = Double(try cursor.number()), value.isFinite else { return nil }
        return value
      }
    }
  }

  /// One integer of `range` a layer under `key`: a list of `layers`, or one integer that holds for all.
  func integers(_ key: String, layers: Int, in range: ClosedRange<Int>) throws(CaptureError) -> [Int] {
    let expected = "an integer \(range.lowerBound)…\(range.upperBound), or a list of \(layers)"
    return try parse(key, expected: expected) { cursor in
      if cursor.peek() == UInt8(ascii: "[") {
        return try Self.list(&cursor, count: layers) { cursor in try Self.element(&cursor, in: range) }
      }
      return try Self.element(&cursor, in: range).map { Array(repeating: $0, count: layers) }
    }
  }

  /// As `integers`, where `null` may stand for none, for one layer or all.
  func optionalIntegers(_ key: String, layers: Int, in range: ClosedRange<Int>) throws(CaptureError) -> [Int?] {
    let expected = "null or an integer \(range.lowerBound)…\(range.upperBound), or a list of \(layers)"
    return try parse(key, expected: expected) { cursor in
      func element(_ cursor: inout JSONCursor) throws -> Int?? {
        if cursor.takeNull() { return .some(nil) }
        return try Self.element(&cursor, in: range).map { .some($0) }
      }
      if cursor.peek() == UInt8(ascii: "[") { return try Self.list(&cursor, count: layers, element) }
      return try element(&cursor).map { Array(repeating: $0, count: layers) }
    }
  }

  /// The text under `key` through `body`; nil and whatever is left behind are errors.
  private func parse<Value>(
    _ key: String, expected: String, _ body: (inout JSONCursor) throws -> Value?
  ) throws(CaptureError) -> Value {
    let text = try text(key)
    var cursor = JSONCursor(Array(text.utf8))
    do {
      if let value = try body(&cursor) {
        try cursor.end()
        return value
      }
    } catch {}
    throw .value(path: path, key: key, expected: expected, found: excerpt(text))
  }

  private static func element(_ cursor: inout JSONCursor, in range: ClosedRange<Int>) throws -> Int? {
    let value = try cursor.natural()
    return range.contains(value) ? value : nil
  }

  /// `[a, b, …]` with exactly `count` elements; nil if there are more or fewer, or `element` gives nil.
  private static func list<Element>(
    _ cursor: inout JSONCursor, count: Int, _ element: (inout JSONCursor) throws -> Element?
  ) throws -> [Element]? {
    try cursor.expect("[")
    var elements: [Element] = []
    if cursor.take("]") { return count == 0 ? elements : nil }
    repeat {
      guard elements.count < count, let next = try element(&cursor) else { return nil }
      elements.append(next)
    } while cursor.take(",")
    try cursor.expect("]")
    return elements.count == count ? elements : nil
  }
}
