import Testing

@testable import Commands

@Suite struct UTF8AssemblerTests {
  private static let texts = ["", "plain", "äöü", "a€b", "🙂", "x🙂ÿ€é", "\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}"]

  /// Cut at every two places: no piece holds a broken character, and all together are the text.
  @Test func wholeCharactersOnly() {
    for text in Self.texts {
      let bytes = Array(text.utf8)
      for first in 0...bytes.count {
        for second in first...bytes.count {
          var assembler = UTF8Assembler()
          let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map { assembler.add(Array($0)) }
          #expect(pieces.joined() == text && assembler.finish() == "")
          #expect(!pieces.joined().contains("\u{FFFD}"))
        }
      }
    }
  }

  @Test func nothingIsHeldBackThatIsWhole() {
    var assembler = UTF8Assembler()
    #expect(assembler.add([0x61, 0xC3]) == "a")
    #expect(assembler.add([0xA4, 0xF0, 0x9F, 0x99]) == "ä")
    #expect(assembler.add([0x82]) == "🙂")
  }

  @Test func brokenBytesAreRepairedInTime() {
    for broken: [UInt8] in [[0xFF], [0x80], [0xC0], [0xC1], [0xF5], [0x80, 0x80, 0x80, 0x80]] {
      var assembler = UTF8Assembler()
      let text = assembler.add(broken + [0x61])
      #expect(text.hasSuffix("a") && text.hasPrefix("\u{FFFD}"))
    }
    var assembler = UTF8Assembler()
    #expect(assembler.add([0xE2, 0x82]) == "")
    #expect(assembler.finish() == "\u{FFFD}" && assembler.finish() == "")
    // A character that is cut by another one.
    #expect(assembler.add([0xE2, 0x82, 0x61]) == "\u{FFFD}a")
  }
}
