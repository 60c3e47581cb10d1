import Foundation

/// How a log's lines are written: JSON with sorted keys in snake case, no line break inside.
enum RunCoding {
  /// The line of a value, its line feed included.
  static func line(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return [UInt8](try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }

  /// The value that a line's bytes hold.
  ///
  /// - Throws: `DecodingError`; one for lines nested deeper than `mostNesting`, over which Foundation would run out of
  ///   stack.
  static func value<Value: Decodable>(_ type: Value.Type, _ line: some Sequence<UInt8>) throws -> Value {
    guard nesting(of: line) <= mostNesting else {
      throw DecodingError.dataCorrupted(DecodingError.Context(codingPath: [], debugDescription: "nested too deeply"))
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(type, from: Data(line))
  }

  /// Brackets within brackets that a line may have.
  static let mostNesting = 32

  /// The most brackets that are open at once, those in texts left out.
  static func nesting(of line: some Sequence<UInt8>) -> Int {
    var (depth, deepest, isText, isEscaped) = (0, 0, false, false)
    for byte in line {
      switch byte {
      case _ where isEscaped: isEscaped = false
      case UInt8(ascii: "\\") where isText: isEscaped = true
      case UInt8(ascii: "\""): isText.toggle()
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        if !isText { depth += 1 }
        deepest = max(deepest, depth)
      case UInt8(ascii: "]"), UInt8(ascii: "}"): if !isText { depth -= 1 }
      default: break
      }
    }
    return deepest
  }

  /// What is wrong with a line, in a few words.
  static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "it has no \"\(key.stringValue)\""
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "\"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" holds another type of value"
    default: "it is not JSON"
    }
  }
}
