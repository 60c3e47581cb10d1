import Testing

@testable import Interchange

@Suite struct JSONCursorTests {
  private func string(_ json: String) throws -> String { try string(Array(json.utf8)) }

  private func string(_ json: [UInt8]) throws -> String {
    var cursor = JSONCursor(json)
    let text = try cursor.string()
    try cursor.end()
    return text
  }

  private func natural(_ json: String) throws -> Int {
    var cursor = JSONCursor(Array(json.utf8))
    let value = try cursor.natural()
    try cursor.end()
    return value
  }

  private func number(_ json: String) throws -> String {
    var cursor = JSONCursor(Array(json.utf8))
    let text = try cursor.number()
    try cursor.end()
    return text
  }

  @Test(arguments: [
    (#""""#, ""), (#""abc""#, "abc"), (#" "a" "#, "a"), ("\"ü🙂\"", "ü🙂"),
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
    (#""\u0041\u00e9\u00E9\u20ac""#, "Aéé€"), (#""\uD83D\uDE42!""#, "🙂!"), (#""\u0000""#, "\0"),
    ("\"\u{7F}\"", "\u{7F}"),
  ])
  func strings(json: String, expected: String) throws {
    #expect(Array(try string(json).unicodeScalars) == Array(expected.unicodeScalars))
  }

  @Test(arguments: [
    "", "a", "'a'", #"""#, #""a"#, #""\"#, #""\""#, #""\x""#, #""\u12""#, #""\u12g4""#, #""\ud83d""#, #""\ud83dx""#,
    #""\ud83d\n""#, #""\ud83d\u0041""#, #""\ude42""#, "\"a\nb\"", "\"\u{1F}\"", "\"a\"b",
  ])
  func malformedStrings(json: String) {
    #expect(throws: JSONCursor.Failure.self) { try string(json) }
  }

  /// Overlong, truncated, surrogate, too large, stray continuation.
  @Test(
    arguments: [[0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xFF]] as [[UInt8]])
  func stringsThatAreNotUTF8(bytes: [UInt8]) {
    let failure = JSONCursor.Failure(offset: 1, expected: "a string in UTF-8", found: "other bytes")
    #expect(throws: failure) { try string([0x22] + bytes + [0x22]) }
  }

  @Test(arguments: [("0", 0), ("7", 7), ("1234567890", 1_234_567_890), ("9223372036854775807", Int.max), (" 3 ", 3)])
  func naturals(json: String, expected: Int) throws {
    #expect(try natural(json) == expected)
  }

  @Test(arguments: [
    ("", 0, "a number", "the end"),
    ("x", 0, "a number", "'x'"),
    ("+1", 0, "a number", "'+'"),
    ("-0", 0, "a whole number without sign", "-0"),
    ("-1", 0, "a whole number without sign", "-1"),
    ("1e3", 0, "a whole number without sign", "1e3"),
    ("1.0", 0, "a whole number without sign", "1.0"),
    ("01", 0, "a number without leading zeros", "01"),
    ("00", 0, "a number without leading zeros", "00"),
    ("9223372036854775808", 0, "a number below 2^63", "9223372036854775808"),
    ("1 2", 2, "the end", "'2'"),
    ("1_0", 1, "the end", "'_'"),
    ("0x10", 1, "the end", "'x'"),
    (" \u{0}", 1, "a number", "byte 0"),
  ])
  func malformedNaturals(json: String, offset: Int, expected: String, found: String) {
    #expect(throws: JSONCursor.Failure(offset: offset, expected: expected, found: found)) { try natural(json) }
  }

  @Test(arguments: ["0", "-0", "1", "-1.5", "1e3", "1E+30", "1e-05", "0.1e-7", "12.50"])
  func numbers(json: String) throws {
    #expect(try number(json) == json)
  }

  @Test(arguments: ["", "-", ".5", "1.", "1.e3", "1e", "1e+", "inf", "nan", "-01", "0x1p3", "1f"])
  func malformedNumbers(json: String) {
    #expect(throws: JSONCursor.Failure.self) { try number(json) }
  }

  @Test func excerptsAreShortAndPrintable() {
    #expect(excerpt("plain ü") == "plain ü")
    #expect(excerpt("a\u{1B}[31m\n\u{9B}\u{202E}") == "a\\u{1B}[31m\\n\\u{009B}\\u{202E}")
    #expect(excerpt(String(repeating: "x", count: 60)).count == 60)
    #expect(excerpt(String(repeating: "x", count: 61)) == String(repeating: "x", count: 60) + "…")
  }
}
