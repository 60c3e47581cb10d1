import Foundation
import TestSupport
import Testing

@testable import Interchange

@Suite struct SafetensorsFileTests {
  private let folder = ScratchFolder()

  private func open(_ bytes: [UInt8]) throws -> SafetensorsFile { try SafetensorsFile(path: folder.write(bytes)) }

  /// Opening the file must fail with what `error` makes of its path.
  private func refuses(
    _ bytes: [UInt8], _ error: (String) -> SafetensorsError, _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: error(folder.file("mutated")), sourceLocation: location) { try open(bytes) }
  }

  @Test func readsWhatTheOfficialLibraryWrites() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Resources/official.safetensors").path
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["who": "safetensors \"python\"\n\ttab \u{1} ü 🙂", "k": ""])
    #expect(file.names == ["scalar", "empty", "a.ints", "b.half", "zeichen \"ü\" \\"])
    #expect(try file.tensor("b.half").shape == [2, 3])
    #expect(try file.tensor("b.half").dataType == .float16)
    let half = ElementCoding.decode(try file.read("b.half"), as: .float16)
    #expect(half == [1, -2, 0.5, 65504, Float(Float16(6e-8)), 0] && half[5].sign == .minus)
    #expect(try file.read("a.ints").littleEndian(as: Int32.self) == [-1, Int32.max])
    #expect(try file.tensor("scalar").shape == [])
    #expect(try file.read("scalar").littleEndian(as: UInt64.self) == [Double(1.5).bitPattern])
    #expect(try file.tensor("empty").shape == [3, 0, 2])
    #expect(try file.read("empty") == [])
    #expect(try file.read("zeichen \"ü\" \\") == [1, 0, 1])
  }

  @Test func readsPieces() throws {
    let file = try open(
      safetensorsBytes(#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, data: [9, 8, 7, 6]))
    #expect(try file.read("a", byteRange: 1..<3) == [8, 7])
    #expect(try file.read("a", byteRange: 4..<4) == [])
    #expect(throws: SafetensorsError.noSuchTensor(path: file.path, tensor: "b")) { try file.read("b") }
  }

  @Test func acceptsFieldsInAnyOrderAndWhiteSpace() throws {
    let header =
      " \n\r\t".reduce(into: "{") { $0.append($1) } + #""a" : {"data_offsets":[ 0 , 1 ], "shape":[],"dtype":"U8"} } "#
    #expect(try open(safetensorsBytes(header, data: [5])).read("a") == [5])
    #expect(try open(safetensorsBytes("{}")).names == [])
    #expect(try open(safetensorsBytes(#"{"__metadata__":{}}"#)).metadata == [:])
    #expect(try open(safetensorsBytes(#"{"__metadata__":null}"#)).metadata == [:])
  }

  @Test func refusesWrongLengths() {
    for count in 0..<8 {
      refuses(Array(repeating: 0, count: count)) { .tooShort(path: $0, fileBytes: count) }
    }
    let rest = Array("{}".utf8)
    for declared: UInt64 in [3, 100_000_000, 100_000_001, 1 << 63, .max, .max - 7] {
      let bytes = withUnsafeBytes(of: declared.littleEndian, Array.init) + rest
      refuses(bytes) { .headerLength(path: $0, declared: declared, limit: 2) }
    }
    let tensor = #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#
    for count in [0, 1, 3] {
      refuses(safetensorsBytes(tensor, data: Array(repeating: 0, count: count))) {
        .fileLength(path: $0, declared: 10 + tensor.utf8.count, found: 8 + tensor.utf8.count + count)
      }
    }
  }

  /// A sparse file long enough for a header above the cap: the cap alone must refuse it.
  @Test func refusesHeadersAboveTheCap() throws {
    let path = folder.write(withUnsafeBytes(of: UInt64(100_000_001).littleEndian, Array.init))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.truncate(atOffset: 100_000_100)
    try handle.close()
    #expect(throws: SafetensorsError.headerLength(path: path, declared: 100_000_001, limit: 100_000_000)) {
      try SafetensorsFile(path: path)
    }
  }

  @Test(arguments: [
    ("", 0, "'{'", "the end"), (" {}", 0, "'{'", "byte 32"), ("[]", 0, "'{'", "'['"), ("{", 1, "a string", "the end"),
    ("{}x", 2, "the end", "'x'"), ("{}\0", 2, "the end", "byte 0"), ("{,}", 1, "a string", "','"),
    (#"{"__metadata__":nul}"#, 16, "'{'", "'n'"), (#"{"__metadata__":{"a":1}}"#, 21, "a string", "'1'"),
    (#"{"__metadata__":{"a":"b",}}"#, 25, "a string", "'}'"), (#"{"a":[]}"#, 5, "'{'", "'['"),
    (#"{"a":{"more":0}}"#, 13, "dtype, shape or data_offsets", "\"more\""),
    (#"{"a":{"shape":[1,]}}"#, 17, "a number", "']'"), (#"{"a":{"shape":[[1]]}}"#, 15, "a number", "'['"),
    (#"{"a":{"shape":[1e3]}}"#, 15, "a whole number without sign", "1e3"),
    (#"{"a":{"shape":[-1]}}"#, 15, "a whole number without sign", "-1"),
    (#"{"a":{"shape":[007]}}"#, 15, "a number without leading zeros", "00"),
    (#"{"a":{"shape":3}}"#, 14, "'['", "'3'"), (#"{"a":{"dtype":3}}"#, 14, "a string", "'3'"),
    (#"{"a":{"data_offsets":[0]}}"#, 23, "','", "']'"), (#"{"a":{"data_offsets":[0,1,2]}}"#, 25, "']'", "','"),
    (#"{"a":{"data_offsets":[0,18446744073709551615]}}"#, 24, "a number below 2^63", "18446744073709551615"),
  ])
  func refusesMalformedHeaders(header: String, offset: Int, expected: String, found: String) {
    refuses(safetensorsBytes(header)) {
      .malformedHeader(path: $0, offset: offset, expected: expected, found: found)
    }
  }

  @Test func refusesDeepNesting() {
    let deep = String(repeating: "[", count: 1_000_000)
    refuses(safetensorsBytes(#"{"a":{"shape":"# + deep)) {
      .malformedHeader(path: $0, offset: 15, expected: "a number", found: "'['")
    }
    refuses(safetensorsBytes(String(repeating: #"{"a":"#, count: 1_000_000))) {
      .malformedHeader(path: $0, offset: 10, expected: "dtype, shape or data_offsets", found: "\"a\"")
    }
    let rank = Array(repeating: "1", count: 65).joined(separator: ",")
    refuses(safetensorsBytes(#"{"a":{"shape":["# + rank + "]}}")) {
      .shapeTooLarge(path: $0, tensor: "a", shape: Array(repeating: 1, count: 64))
    }
  }

  @Test func refusesStringsThatAreNotUTF8() {
    refuses(safetensorsBytes(Array(#"{"a"#.utf8) + [0xFF] + Array(#"":{}}"#.utf8))) {
      .malformedHeader(path: $0, offset: 2, expected: "a string in UTF-8", found: "other bytes")
    }
  }

  @Test func refusesDuplicates() {
    let tensor = #"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
    refuses(safetensorsBytes(#"{"a":\#(tensor),"a":\#(tensor)}"#)) { .duplicateKey(path: $0, key: "a", offset: 57) }
    refuses(safetensorsBytes(#"{"a":\#(tensor),"\u0061":\#(tensor)}"#)) {
      .duplicateKey(path: $0, key: "a", offset: 62)
    }
    refuses(safetensorsBytes(#"{"__metadata__":{},"__metadata__":{}}"#)) {
      .duplicateKey(path: $0, key: "__metadata__", offset: 34)
    }
    refuses(safetensorsBytes(#"{"__metadata__":{"x":"1","x":"1"}}"#)) { .duplicateKey(path: $0, key: "x", offset: 32) }
    for (field, offset) in [(#""dtype":"U8""#, 27), (#""shape":[]"#, 25), (#""data_offsets":[0,0]"#, 42)] {
      let name = String(field.split(separator: "\"")[0])
      refuses(safetensorsBytes("{\"a\":{\(field),\(field)}}")) { .duplicateKey(path: $0, key: name, offset: offset) }
    }
  }

  @Test func refusesLyingTensors() {
    func one(_ type: String, _ shape: String, _ offsets: String) -> [UInt8] {
      safetensorsBytes(#"{"a":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}}"#, data: [0, 0, 0, 0])
    }
    refuses(one("F4", "[4]", "[0,4]")) { .unknownDataType(path: $0, tensor: "a", found: "F4") }
    refuses(one("f16", "[2]", "[0,4]")) { .unknownDataType(path: $0, tensor: "a", found: "f16") }
    refuses(one("F16", "[3]", "[0,4]")) { .byteCount(path: $0, tensor: "a", declared: 4, needed: 6) }
    refuses(one("F16", "[1]", "[0,4]")) { .byteCount(path: $0, tensor: "a", declared: 4, needed: 2) }
    refuses(one("F16", "[]", "[0,4]")) { .byteCount(path: $0, tensor: "a", declared: 4, needed: 2) }
    refuses(one("F16", "[2]", "[4,0]")) { .reversedOffsets(path: $0, tensor: "a", begin: 4, end: 0) }
    let half = 1 << 62
    refuses(one("F16", "[\(half)]", "[0,4]")) { .shapeTooLarge(path: $0, tensor: "a", shape: [half]) }
    refuses(one("U8", "[\(half),4,0]", "[0,0]")) { .shapeTooLarge(path: $0, tensor: "a", shape: [half, 4, 0]) }
    refuses(one("U8", "[4294967296,4294967296]", "[0,4]")) {
      .shapeTooLarge(path: $0, tensor: "a", shape: [1 << 32, 1 << 32])
    }
    let header = #"{"a":{"dtype":"U8","shape":[\#(Int.max)],"data_offsets":[0,\#(Int.max)]}}"#
    refuses(safetensorsBytes(header)) { .fileLength(path: $0, declared: .max, found: 8 + header.utf8.count) }
    for field in ["dtype", "shape", "data_offsets"] {
      let all = ["dtype": #""U8""#, "shape": "[4]", "data_offsets": "[0,4]"].filter { $0.key != field }
      let members = all.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
      refuses(safetensorsBytes("{\"a\":{\(members)}}")) { .missingField(path: $0, tensor: "a", field: field) }
    }
  }

  @Test func refusesHolesAndOverlaps() {
    func two(_ first: (Int, Int), _ second: (Int, Int)) -> [UInt8] {
      let tensors = [("a", first), ("b", second)].map {
        #""\#($0)":{"dtype":"U8","shape":[\#($1.1 - $1.0)],"data_offsets":[\#($1.0),\#($1.1)]}"#
      }
      return safetensorsBytes("{\(tensors.joined(separator: ","))}", data: Array(repeating: 0, count: 8))
    }
    #expect(throws: Never.self) { try open(two((0, 4), (4, 8))) }
    #expect(throws: Never.self) { try open(two((4, 8), (0, 4))) }
    #expect(throws: Never.self) { try open(two((0, 8), (0, 0))) }
    refuses(two((1, 4), (4, 8))) { .notContiguous(path: $0, tensor: "a", expected: 0, found: 1) }
    refuses(two((0, 3), (4, 8))) { .notContiguous(path: $0, tensor: "b", expected: 3, found: 4) }
    refuses(two((0, 5), (4, 8))) { .notContiguous(path: $0, tensor: "b", expected: 5, found: 4) }
    refuses(two((0, 8), (0, 8))) { .notContiguous(path: $0, tensor: "b", expected: 8, found: 0) }
    refuses(two((0, 8), (2, 2))) { .notContiguous(path: $0, tensor: "b", expected: 8, found: 2) }
  }

  /// Every type's size, against the digits in its name.
  @Test(arguments: SafetensorsDataType.allCases)
  func dataTypeSizes(type: SafetensorsDataType) {
    let digits = type.rawValue.drop { !$0.isNumber }.prefix { $0.isNumber }
    #expect(type.byteCount == (type == .bool ? 1 : Int(digits)! / 8))
    #expect(type.byteCount(shape: []) == type.byteCount)
    #expect(type.byteCount(shape: [3, 5]) == 15 * type.byteCount)
    #expect(type.byteCount(shape: [-1]) == nil && type.byteCount(shape: [0, -1]) == nil)
    #expect((type.byteCount(shape: [Int.max]) == nil) == (type.byteCount > 1))
  }
}
