/// Reads JSON step by step from bytes that somebody else wrote.
///
/// The caller says what must come next, so nothing nests deeper than the caller's own grammar, and what it does not
/// expect is refused where it stands. Strictly RFC 8259: no comments, no trailing commas, no leading zeros.
struct JSONCursor {
  /// What stood where something else had to stand.
  struct Failure: Error, Equatable {
    var offset: Int
    var expected: String
    var found: String
  }

  private let bytes: [UInt8]
  /// The next byte to be read.
  private(set) var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next byte that is not white space, which stays unread; nil at the end.
  mutating func peek() -> UInt8? {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return bytes[offset]
      }
    }
    return nil
  }

  /// Reads `character` if it comes next, after any white space.
  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  /// Reads `character`, which must come next.
  mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
    guard take(character) else { throw failure("'\(character)'") }
  }

  /// Reads `null` if it comes next.
  mutating func takeNull() -> Bool {
    guard peek() == UInt8(ascii: "n"), bytes[offset...].starts(with: Array("null".utf8)) else { return false }
    offset += 4
    return true
  }

  /// Nothing but white space may be left.
  mutating func end() throws(Failure) {
    guard peek() == nil else { throw failure("the end") }
  }

  /// Reads an integer 0…2⁶³−1 in plain digits: no sign, fraction, exponent or leading zero.
  mutating func natural() throws(Failure) -> Int {
    _ = peek()
    let start = offset
    let text = try number()
    guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
      throw Failure(offset: start, expected: "a whole number without sign", found: excerpt(text))
    }
    guard let value = Int(text) else {
      throw Failure(offset: start, expected: "a number below 2^63", found: excerpt(text))
    }
    return value
  }

  /// Reads a number and returns its text, which `Double(_:)` and `Float(_:)` understand.
  mutating func number() throws(Failure) -> String {
    _ = peek()
    let start = offset
    skip(UInt8(ascii: "-"))
    let whole = skipDigits()
    guard whole > 0 else {
      offset = start
      throw failure("a number")
    }
    let first = offset - whole
    guard whole == 1 || bytes[first] != UInt8(ascii: "0") else {
      throw Failure(offset: first, expected: "a number without leading zeros", found: "0\(bytes[first + 1] - 0x30)")
    }
    if skip(UInt8(ascii: ".")) {
      guard skipDigits() > 0 else { throw failure("a digit") }
    }
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      if !skip(UInt8(ascii: "+")) { skip(UInt8(ascii: "-")) }
      guard skipDigits() > 0 else { throw failure("a digit") }
    }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// What stands at the cursor where `expected` had to stand.
  func failure(_ expected: String) -> Failure {
    guard offset < bytes.count else { return Failure(offset: offset, expected: expected, found: "the end") }
    let byte = bytes[offset]
    let found = 0x21...0x7E ~= byte ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
    return Failure(offset: offset, expected: expected, found: found)
  }

  @discardableResult
  private mutating func skip(_ byte: UInt8) -> Bool {
    guard offset < bytes.count, bytes[offset] == byte else { return false }
    offset += 1
    return true
  }

  private mutating func skipDigits() -> Int {
    let start = offset
    while offset < bytes.count, 0x30...0x39 ~= bytes[offset] { offset += 1 }
    return offset - start
  }
}

// MARK: - Strings

extension JSONCursor {
  /// Reads a string; escapes are resolved, lone surrogates and bytes that are not UTF-8 refused.
  mutating func string() throws(Failure) -> String {
    guard take("\"") else { throw failure("a string") }
    let start = offset
    while offset < bytes.count, bytes[offset] >= 0x20, bytes[offset] != UInt8(ascii: "\""),
      bytes[offset] != UInt8(ascii: "\\")
    {
      offset += 1
    }
    // Nearly all strings end here, without an escape.
    if offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") {
      offset += 1
      return try text(bytes[start..<offset - 1], at: start)
    }
    var content = Array(bytes[start..<offset])
    while true {
      guard offset < bytes.count, bytes[offset] >= 0x20 else { throw failure("a character or the string's end") }
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") {
        try escape(into: &content)
      } else {
        content.append(byte)
        offset += 1
      }
    }
    offset += 1
    return try text(content[...], at: start)
  }

  private func text(_ content: ArraySlice<UInt8>, at start: Int) throws(Failure) -> String {
    guard let text = String(validating: content, as: UTF8.self) else {
      throw Failure(offset: start, expected: "a string in UTF-8", found: "other bytes")
    }
    return text
  }

  private mutating func escape(into content: inout [UInt8]) throws(Failure) {
    offset += 1
    guard offset < bytes.count else { throw failure("an escape") }
    switch bytes[offset] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(bytes[offset])
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      offset += 1
      content.append(contentsOf: UTF8.encode(try escapedScalar())!)
      return
    default: throw failure("an escape")
    }
    offset += 1
  }

  /// The scalar of four hexadecimal digits, or of a surrogate pair `HHHH\uHHHH`, at the cursor.
  private mutating func escapedScalar() throws(Failure) -> Unicode.Scalar {
    let start = offset
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00, skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) {
      let second = try hexadecimal()
      if 0xDC00...0xDFFF ~= second {
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))!
      }
    }
    throw Failure(offset: start, expected: "a pair of surrogates", found: "a lone one")
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard offset < bytes.count, let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue else {
        throw failure("a hexadecimal digit")
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }
}
