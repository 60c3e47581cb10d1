import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Pickles made to run code, to take memory, or to confuse.
@Suite struct PickleReaderTests {
  private let folder = ScratchFolder()

  private func refuses(_ pickle: [UInt8], _ error: ForeignError, _ location: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: location) { try PickleReader.read(pickle, path: "p") }
  }

  private func invalid(_ byte: Int, _ expected: String, _ found: String) -> ForeignError {
    .invalid(path: "p", what: "data.pkl, byte \(byte)", expected: expected, found: found)
  }

  @Test(arguments: [
    ("os system", "os.system"), ("posix system", "posix.system"), ("builtins eval", "builtins.eval"),
    ("subprocess Popen", "subprocess.Popen"), ("__builtin__ getattr", "__builtin__.getattr"),
    ("torch load", "torch.load"),
    ("torch._utils _rebuild_tensor_v2.__globals__", "torch._utils._rebuild_tensor_v2.__globals__"),
    ("transformers.cache_utils StaticCache", "transformers.cache_utils.StaticCache"),
  ])
  func refusesCodeByName(global: String, name: String) throws {
    let call = TorchBuilder.tuple(TorchBuilder.text("true")) + Array("R.".utf8)
    let parts = global.split(separator: " ").map(String.init)
    for pickle in [
      TorchBuilder.proto + TorchBuilder.global(global) + call,
      [0x80, 4] + parts.flatMap(TorchBuilder.text) + [0x93] + call,
    ] {
      #expect(try PickleReader.read(pickle, path: "p").foreignName(.node(1)) == name)
      let path = folder.write(TorchBuilder.archive(pickle: pickle))
      #expect(throws: ForeignError.unsupported(path: path, what: "a name in data.pkl", found: name)) {
        try TorchCacheFile(path: path)
      }
    }
    // In the place of keys.
    let inside = folder.write(TorchBuilder.cache(TorchBuilder.global(global) + call.dropLast()))
    #expect(throws: ForeignError.unsupported(path: inside, what: "[0][0]", found: name)) {
      try TorchCacheFile(path: inside)
    }
    // Where nothing looks it does no harm, since nothing of it is run.
    let hidden = TorchBuilder.cache(
      Array("}".utf8) + TorchBuilder.text("x") + TorchBuilder.global(global) + call.dropLast() + Array("s0".utf8)
        + TorchBuilder.tensor())
    #expect(try TorchCacheFile(path: folder.write(hidden)).facts.layers.count == 1)
  }

  /// INST, OBJ, EXT1, and opcodes for text that protocol 0 has, and what is no opcode.
  @Test func refusesOtherOpcodes() {
    for opcode: UInt8 in 0...255 {
      let known: [UInt8] = Array("NKMJGX(012)t]ae}suqrhjcRbQBC.".utf8)
      let wide: [UInt8] = [
        0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x8D, 0x93, 0x94, 0x95, 0x8E, 0x8F, 0x90, 0x91, 0x92,
        0x96,
      ]
      guard !known.contains(opcode), !wide.contains(opcode) else { continue }
      refuses(
        [0x80, 2, opcode],
        .unsupported(path: "p", what: "the opcode at byte 2 of data.pkl", found: "0x" + String(opcode, radix: 16)))
    }
  }

  @Test func refusesBrokenStacks() {
    refuses([], .truncated(path: "p", what: "data.pkl", offset: 0, wanted: 1, fileBytes: 0))
    refuses(Array(".".utf8), invalid(1, "a value on the stack", "none"))
    refuses(Array("NN.".utf8), invalid(3, "one value and the end", "0 more bytes"))
    refuses(Array("N.N".utf8), invalid(2, "one value and the end", "1 more bytes"))
    refuses(Array("(N.".utf8), invalid(3, "one value and the end", "0 more bytes"))
    refuses(Array("t".utf8), invalid(1, "a mark on the stack", "none"))
    refuses(Array("N(a".utf8), invalid(3, "a value on the stack", "none"))
    refuses(Array("NNa".utf8), invalid(3, "a container on the stack", "none"))
    refuses(Array("}Na".utf8), invalid(3, "a list", "something else"))
    refuses(Array("](NNu".utf8), invalid(5, "a dictionary and pairs", "something else"))
    refuses(Array("}(Nu".utf8), invalid(4, "a dictionary and pairs", "something else"))
    refuses(Array("Nb".utf8), invalid(2, "a container on the stack", "none"))
    refuses(Array("]Nb".utf8), invalid(3, "an object to build", "something else"))
    refuses(Array("NNR".utf8), invalid(3, "a known name and its arguments", "something else"))
    refuses(Array("NQ".utf8), invalid(2, "the id of a storage", "something else"))
    refuses([0x68, 7], invalid(2, "a kept value", "none under 7"))
    refuses(Array("q\u{0}".utf8), invalid(2, "a value to keep", "none"))
    refuses([0x80, 6], invalid(2, "protocol 2 to 5", "6"))
    refuses([0x80, 1], invalid(2, "protocol 2 to 5", "1"))
    refuses(Array("cos".utf8), invalid(1, "a line", "no line feed"))
    refuses(
      [0x8A, 9] + [UInt8](repeating: 1, count: 8),
      .truncated(path: "p", what: "data.pkl", offset: 2, wanted: 9, fileBytes: 10))
    refuses(Array("NN".utf8) + [0x93], invalid(3, "the texts of a name", "other values"))
  }

  /// Lengths that no file has, and a memo with an index that no array should have.
  @Test func refusesHugeCounts() throws {
    refuses(
      [0x58, 255, 255, 255, 255],
      .truncated(path: "p", what: "data.pkl", offset: 5, wanted: 4_294_967_295, fileBytes: 5))
    refuses([0x8D] + [UInt8](repeating: 255, count: 8), invalid(9, "a number below 2^63", "18446744073709551615"))
    refuses(
      [0x8D] + [UInt8](repeating: 255, count: 7) + [127],
      .truncated(path: "p", what: "data.pkl", offset: 9, wanted: .max, fileBytes: 9))
    let kept = try PickleReader.read([0x4E, 0x72, 255, 255, 255, 255, 0x2E], path: "p")
    #expect(kept.root == .none)
    refuses(
      [UInt8](repeating: 0x4E, count: PickleReader.limit + 1),
      .unsupported(path: "p", what: "the length of data.pkl", found: "\(PickleReader.limit + 1) bytes"))
    // 2⁶⁴ times itself, if it were written out: every level refers twice to the one before.
    let levels = (0..<64).flatMap { _ in [0x71, 0, 0x30, 0x68, 0, 0x68, 0, 0x86] as [UInt8] }
    #expect(try PickleReader.read([0x29] + levels + [0x2E], path: "p").nodes.count == 65)
  }

  /// Nesting as deep as no call stack: nothing recurses, not even in letting it go.
  @Test func deepNesting() throws {
    let depth = 200_000
    var pickle: Pickle? = try PickleReader.read([0x29] + [UInt8](repeating: 0x85, count: depth) + [0x2E], path: "p")
    #expect(pickle?.nodes.count == depth + 1)
    pickle = nil
    refuses(
      [UInt8](repeating: 0x28, count: depth),
      .truncated(path: "p", what: "data.pkl", offset: depth, wanted: 1, fileBytes: depth))
  }

  /// Lists that hold themselves, and members that are given twice.
  @Test func circles() throws {
    let path = folder.write(TorchBuilder.archive(pickle: [0x80, 2] + Array("]q\u{0}h\u{0}a.".utf8)))
    #expect(throws: ForeignError.self) { try TorchCacheFile(path: path) }
    let dictionary = Array("}q\u{0}".utf8) + TorchBuilder.text("past_key_values") + Array("h\u{0}s.".utf8)
    let other = folder.write(TorchBuilder.archive(pickle: [0x80, 2] + dictionary))
    #expect(throws: ForeignError.self) { try TorchCacheFile(path: other) }
  }

  @Test func values() throws {
    #expect(try PickleReader.read([0x4A, 0xFE, 0xFF, 0xFF, 0xFF, 0x2E], path: "p").root == .integer(-2))
    #expect(try PickleReader.read([0x8A, 0, 0x2E], path: "p").root == .integer(0))
    #expect(try PickleReader.read([0x8A, 1, 0x80, 0x2E], path: "p").root == .integer(-128))
    #expect(try PickleReader.read(TorchBuilder.integer(.min) + [0x2E], path: "p").root == .integer(.min))
    #expect(try PickleReader.read([0x4D, 1, 2, 0x2E], path: "p").root == .integer(513))
    #expect(try PickleReader.read([0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0x2E], path: "p").root == .float(1.5))
    #expect(try PickleReader.read([0x8C, 2, 0xC3, 0xBC, 0x2E], path: "p").root == .text("ü"))
    #expect(try PickleReader.read(Array("(N1N.".utf8), path: "p").root == .none)
    #expect(try PickleReader.read(Array("N(0.".utf8), path: "p").root == .none)
  }
}
