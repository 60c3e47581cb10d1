import Foundation
import TestSupport
import Testing

@testable import FileIO

@Suite struct ByteSinkTests {
  private func write(to sink: any ByteSink) throws {
    try sink.append([1, 2, 3] as [UInt8])
    try sink.append([0x0605] as [UInt16])
    try sink.overwrite([9] as [UInt8], at: 1)
    #expect(sink.byteCount == 5)
  }

  @Test func memoryAppearsAtTheCommit() throws {
    let memory = MemoryDestination(name: "m")
    let sink = memory.open()
    try write(to: sink)
    #expect(memory.bytes == nil && sink.name == "m")
    try sink.commit()
    sink.discard()
    #expect(memory.bytes == [1, 9, 3, 5, 6])
  }

  @Test func whatIsDiscardedNeverAppears() throws {
    let memory = MemoryDestination()
    let (first, second) = (memory.open(), memory.open())
    try write(to: first)
    first.discard()
    first.discard()
    try second.append([7] as [UInt8])
    #expect(memory.bytes == nil)
    try second.commit()
    #expect(memory.bytes == [7])
  }

  /// The same calls give the same bytes in a file.
  @Test func aFile() throws {
    let folder = ScratchFolder()
    let file = FileDestination(path: folder.file("a"))
    let sink = try file.open()
    try write(to: sink)
    #expect(!FileManager.default.fileExists(atPath: file.path) && sink.name == file.path && file.name == file.path)
    try sink.commit()
    #expect(try FileReader(path: file.path).read(at: 0, count: 5) == [1, 9, 3, 5, 6])
  }

  @Test func nothingIsNoChange() throws {
    let memory = MemoryDestination()
    let sink = memory.open()
    try sink.append([] as [UInt8])
    try sink.overwrite([] as [UInt8], at: 0)
    try sink.commit()
    #expect(memory.bytes == [])
  }
}
