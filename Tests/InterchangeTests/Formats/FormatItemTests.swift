import FileIO
import Foundation
import Interchange
import TestSupport
import Testing

struct FormatItemTests {
  private let scratch = ScratchFolder()

  @Test func files() throws {
    let long = try FormatItem(path: scratch.write([UInt8](repeating: 7, count: 5000)))
    #expect(!long.isFolder && long.byteCount == 5000 && long.head.count == 4096 && long.names.isEmpty)
    #expect(long.safetensors == nil)
    let empty = try FormatItem(path: scratch.write([]))
    #expect(empty.head.isEmpty && empty.safetensors == nil)
    #expect(throws: FileError.self) { try FormatItem(path: scratch.file("none")) }
  }

  @Test func safetensorsHeaders() throws {
    let header = #"{"__metadata__":{"a":"b"}}"#
    let item = try FormatItem(path: scratch.write(safetensorsBytes(header)))
    #expect(item.safetensors?.metadata == ["a": "b"])
    // One byte too many: broken, and so of no format.
    #expect(try FormatItem(path: scratch.write(safetensorsBytes(header, data: [0]))).safetensors == nil)
  }

  @Test func folders() throws {
    for name in ["b", "a", ".c"] { try Data().write(to: URL(fileURLWithPath: scratch.file(name))) }
    let item = try FormatItem(path: scratch.path)
    #expect(item.isFolder && item.names == [".c", "a", "b"] && item.head.isEmpty && item.byteCount == 0)
    for format in [CaptureFormat(), LlamaSequenceFormat(), LlamaSessionFormat()] as [any CacheFormat] {
      #expect(!format.recognises(item))
    }
  }

  /// Text that begins like a magic is not a state file.
  @Test func namesDoNotMatter() throws {
    let text = try FormatItem(path: scratch.write(Array("qsggqsgg".utf8), as: "a.safetensors"))
    #expect(!LlamaSequenceFormat().recognises(text))
    let state = try FormatItem(path: scratch.write(Array("qsgg".utf8) + [9, 0, 0, 0], as: "b.safetensors"))
    #expect(LlamaSequenceFormat().recognises(state))
  }
}
