import FileIO
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Damaged captures either throw one of the layer's errors or give a cache that agrees with itself; never a trap.
@Suite struct CaptureMutationTests {
  private let folder = ScratchFolder()

  private func small() throws -> [UInt8] {
    let cache = SyntheticCache.make(
      layers: 2, kvHeads: 1, groupSize: 1, tokens: 2, headDim: 2, probe: 1, slidingWindow: 1)
    try CaptureWriter.write(cache, to: folder.file("c"))
    return try folder.read("c")
  }

  /// Whether the file opens; everything in it is then read, whose values check their shapes themselves.
  private func opens(_ path: String, _ what: @autoclosure () -> String) -> Bool {
    do {
      _ = try collect(CaptureFile(path: path))
      return true
    } catch is SafetensorsError, is CaptureError {
      return false
    } catch {
      Issue.record("\(what()): \(error)")
      return false
    }
  }

  private func opens(_ bytes: [UInt8], _ what: @autoclosure () -> String) -> Bool {
    opens(folder.write(bytes), what())
  }

  /// Calls `body` with the path of a copy and a function that replaces one byte of it.
  private func withCopy(of bytes: [UInt8], _ body: (String, (Int, UInt8) throws -> Void) throws -> Void) throws {
    let path = folder.write(bytes)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try body(path) { index, byte in
      try handle.seek(toOffset: UInt64(index))
      try handle.write(contentsOf: [byte])
    }
    try handle.close()
  }

  @Test func truncatedAnywhere() throws {
    let bytes = try small()
    for count in 0..<bytes.count { #expect(!opens(Array(bytes[..<count]), "cut at \(count)"), "cut at \(count)") }
    #expect(opens(bytes, "whole"))
    #expect(!opens(bytes + [0], "longer"))
  }

  @Test func anyBitOfTheHeaderFlipped() throws {
    let bytes = try small()
    let header = 0..<8 + Int(bytes[0]) + Int(bytes[1]) << 8
    // Two tokens; keys, values and the query of layer 0 with two tokens; the same of layer 1 with one.
    #expect(header.count + 2 * 4 + (8 + 8 + 8) + (4 + 4 + 8) == bytes.count)
    var opened = 0
    try withCopy(of: bytes) { path, replace in
      for index in header {
        for bit in 0..<8 {
          try replace(index, bytes[index] ^ 1 << bit)
          if opens(path, "bit \(bit) of byte \(index)") { opened += 1 }
        }
        try replace(index, bytes[index])
      }
      #expect(opens(path, "whole again"))
    }
    // Texts such as the model's name may change unseen; what decides over shapes may not.
    #expect(opened < 8 * header.count / 2)
  }

  @Test func bytesOfTheHeaderReplaced() throws {
    let bytes = try small()
    try withCopy(of: bytes) { path, replace in
      for index in 8..<8 + Int(bytes[0]) + Int(bytes[1]) << 8 {
        for replacement in Array(#"09[]{}",:\-e"#.utf8) {
          try replace(index, replacement)
          _ = opens(path, "byte \(index) = \(replacement)")
        }
        try replace(index, bytes[index])
      }
      #expect(opens(path, "whole again"))
    }
  }
}
