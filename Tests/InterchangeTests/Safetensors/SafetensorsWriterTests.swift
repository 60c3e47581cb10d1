import FileIO
import TestSupport
import Testing

@testable import Interchange

@Suite struct SafetensorsWriterTests {
  private let folder = ScratchFolder()

  @Test func layout() throws {
    let writer = try SafetensorsWriter(
      path: folder.file("a"), tensors: [.init("x", .int16, shape: [2]), .init("é\n", .uint8, shape: [])],
      metadata: ["b": "\"\\\u{1}\u{1F}\t\r\n", "a": "ü"])
    try writer.append([UInt16(0x0201), 0x0403], to: "x")
    try writer.append([UInt8(9)], to: "é\n")
    #expect(folder.names.allSatisfy { $0.hasPrefix(".") })
    try writer.commit()
    #expect(folder.names == ["a"])
    let bytes = try folder.read("a")
    var header =
      #"{"__metadata__":{"a":"ü","b":"\"\\\u0001\u001f\t\r\n"},"x":{"dtype":"I16","shape":[2],"data_offsets":[0,4]},"#
      + #""é\n":{"dtype":"U8","shape":[],"data_offsets":[4,5]}}"#
    while header.utf8.count % 8 != 0 { header += " " }
    #expect(bytes == safetensorsBytes(header, data: [1, 2, 3, 4, 9]))
    let file = try SafetensorsFile(path: folder.file("a"))
    #expect(file.metadata == ["b": "\"\\\u{1}\u{1F}\t\r\n", "a": "ü"])
    #expect(file.names == ["x", "é\n"])
  }

  @Test func nothingAtAll() throws {
    try SafetensorsWriter(path: folder.file("a"), tensors: []).commit()
    #expect(try folder.read("a") == safetensorsBytes("{}      "))
  }

  /// All shapes of rank 0…3 with dimensions 0…3, all in one file, in pieces of every size.
  @Test(arguments: 1...5)
  func roundTrip(piece: Int) throws {
    var shapes: [[Int]] = [[]]
    for rank in 1...3 {
      for code in 0..<(1 << (2 * rank)) { shapes.append((0..<rank).map { code >> (2 * $0) & 3 }) }
    }
    let types = SafetensorsDataType.allCases
    let tensors = shapes.enumerated().map {
      SafetensorsWriter.Declaration("t\($0)", types[$0 % types.count], shape: $1)
    }
    var generator = RepeatableGenerator(seed: 3)
    let contents = tensors.map { tensor in
      (0..<tensor.dataType.byteCount(shape: tensor.shape)!).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
    let writer = try SafetensorsWriter(path: folder.file("a"), tensors: tensors)
    for (tensor, content) in zip(tensors, contents) {
      for start in stride(from: 0, to: content.count, by: piece) {
        try writer.append(content[start..<min(start + piece, content.count)], to: tensor.name)
      }
    }
    try writer.commit()
    let file = try SafetensorsFile(path: folder.file("a"))
    #expect(file.names == tensors.map(\.name))
    for (tensor, content) in zip(tensors, contents) {
      #expect(try file.tensor(tensor.name).shape == tensor.shape)
      #expect(try file.tensor(tensor.name).dataType == tensor.dataType)
      #expect(try file.read(tensor.name) == content)
    }
  }

  @Test func leavesNothingWithoutCommit() throws {
    do {
      let writer = try SafetensorsWriter(path: folder.file("a"), tensors: [.init("x", .uint8, shape: [2])])
      try writer.append([UInt8(1)], to: "x")
    }
    #expect(folder.names == [])
  }

  @Test func refusesHeadersAboveTheCap() throws {
    // {"__metadata__":{"k":"x…x"}}: 25 bytes and the text, padded to 8.
    func write(_ count: Int) throws {
      let text = String(repeating: "x", count: count)
      try SafetensorsWriter(
        to: FileDestination(path: folder.file("a")), tensors: [], metadata: ["k": text], headerLimit: 104
      ).commit()
    }
    #expect(throws: SafetensorsError.headerLength(path: folder.file("a"), declared: 112, limit: 104)) { try write(80) }
    #expect(folder.names == [])
    try write(79)
    #expect(try folder.read("a").count == 8 + 104)
  }
}
