import FileIO
import Foundation
import TestSupport

@testable import Interchange

/// A safetensors file of any header and data, right or wrong.
func safetensorsBytes(_ header: String, data: [UInt8] = []) -> [UInt8] {
  safetensorsBytes(Array(header.utf8), data: data)
}

func safetensorsBytes(_ header: [UInt8], data: [UInt8] = []) -> [UInt8] {
  (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + data
}

extension ScratchFolder {
  /// Writes `bytes` under that name without further ado and returns the path.
  func write(_ bytes: [UInt8], as name: String = "mutated") -> String {
    let path = file(name)
    precondition(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
    return path
  }

  func read(_ name: String) throws -> [UInt8] {
    let reader = try FileReader(path: file(name))
    return try reader.read(at: 0, count: reader.byteCount)
  }
}
