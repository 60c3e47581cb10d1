import Testing

@testable import FKVFormat

@Suite struct FileKeyTests {
  private let digits = String(repeating: "0f", count: 31) + "A5"

  @Test func bytesAndDigitsAreOneKey() throws {
    let bytes = [UInt8](repeating: 0x0F, count: 31) + [0xA5]
    let keys = [
      try FileKey(parsing: bytes), try FileKey(parsing: Array(digits.utf8)),
      try FileKey(parsing: Array("  \(digits.uppercased())\r\n".utf8)), try FileKey(hexadecimal: digits + "\n"),
    ]
    for key in keys { #expect(key.symmetric.withUnsafeBytes { Array($0) } == bytes) }
  }

  @Test func whatIsNoKey() {
    #expect(FileKey(bytes: []) == nil && FileKey(bytes: [UInt8](repeating: 1, count: 31)) == nil)
    for (text, error) in [
      ("", .notAKey), ("  \n", .notAKey), ("secret", .notAKey), (String(digits.dropLast()) + "g", .notAKey),
      (String(digits.dropLast()), .digits(found: 63)), (digits + "0", .digits(found: 65)), ("ab", .digits(found: 2)),
      (String(repeating: "é", count: 64), .notAKey),
    ] as [(String, FileKeyError)] {
      #expect(throws: error) { try FileKey(parsing: Array(text.utf8)) }
    }
    #expect(throws: FileKeyError.notAKey) { try FileKey(parsing: [UInt8](repeating: 0xFF, count: 33)) }
  }

  /// The mark of UTF-8 is no part of a text; 32 bytes that begin like one are a key.
  @Test func byteOrderMarks() throws {
    let marked = [0xEF, 0xBB, 0xBF] + Array(digits.utf8)
    #expect(try FileKey(parsing: marked).symmetric == FileKey(hexadecimal: digits).symmetric)
    for mark: [UInt8] in [[0xEF, 0xBB, 0xBF], [0xFF, 0xFE]] {
      let bytes = mark + [UInt8](repeating: 7, count: 32 - mark.count)
      #expect(try FileKey(parsing: bytes).symmetric == #require(FileKey(bytes: bytes)).symmetric)
    }
    for (mark, encoding) in [([0xFE, 0xFF], "UTF-16"), ([0xFF, 0xFE, 0, 0], "UTF-32")] as [([UInt8], String)] {
      #expect(throws: FileKeyError.otherEncoding(encoding)) { try FileKey(parsing: mark + Array(digits.utf8)) }
    }
  }

  /// Messages and dumps hold nothing of it.
  @Test func itIsNotPrinted() throws {
    let key = try FileKey(hexadecimal: digits)
    var dumped = "\(key) \(String(reflecting: key))"
    dump(key, to: &dumped)
    #expect(!dumped.lowercased().contains("0f0f"))
    #expect("\(FileKeyError.digits(found: 3))" == "not a key: 3 hexadecimal digits, expected 64")
  }
}
