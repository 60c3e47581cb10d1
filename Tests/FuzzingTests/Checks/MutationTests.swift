import FileIO
import Foundation
import TestSupport
import Testing

@testable import FKVFormat
@testable import Interchange

/// Changes must get past what they are made to get past: lengths, offsets and hashes.
@Suite struct MutationTests {
  private static let folder = "\(SampleFiles.vectors)/valid"

  @Test func partsPutTogetherAreTheFile() throws {
    let files = try SampleFiles.bytes(in: Self.folder, ending: ".fkv")
    #expect(files.count >= 40)
    for file in files {
      #expect(ContainerParts(file)?.bytes == file)
      #expect(ContainerParts.sealed(file) == file)
      let record = try #require(ContainerParts(file)?.sections.last?.payload)
      #expect(RecordParts(record)?.bytes == record)
    }
  }

  @Test func brokenFilesAreNotTakenApart() throws {
    let file = try #require(SampleFiles.bytes(in: Self.folder, ending: ".fkv").first)
    for count in 0..<64 { #expect(ContainerParts(Array(file.prefix(count))) == nil) }
    for place in stride(from: 0, to: file.count - 8, by: 3) {
      // Whatever stands where sizes and offsets do, nothing traps.
      for value in [UInt64(0), 1, 1 << 32, 1 << 63, .max] {
        var changed = file
        changed.replaceSubrange(place..<place + 8, with: ContainerParts.little(value, 8))
        _ = ContainerParts(changed)?.bytes
        _ = ContainerParts.sealed(changed)
      }
    }
    #expect(RecordParts([1, 0, 0, 0, 9, 0, 0, 0, 5]) == nil)
    #expect(RecordParts([1, 0, 0]) == nil)
  }

  /// A section's payload may be anything: the container stays whole around it.
  @Test func changedContainersKeepTheirHashes() throws {
    var changes = ByteChanges(seed: 1, most: 8192)
    var opened = 0
    for seed in try SampleFiles.bytes(in: Self.folder, ending: ".fkv", most: 6000) {
      for _ in 0..<20 {
        let changed = ContainerChanges.mutated(seed, &changes)
        do {
          let reader = try FKVReader(MemorySource(changed))
          if try reader.verifyAll().isEmpty, changed != seed { opened += 1 }
        } catch FormatError.sectionHash(let id, _, _, _) {
          Issue.record("the hash of \(id) was left wrong")
        } catch is FormatError {
          continue
        }
      }
    }
    // Other rules refuse about half; a wrong hash would refuse them all.
    #expect(opened > 300)
  }

  @Test func archivesPutTogetherAreOpened() throws {
    let file = MemoryFile("mutation-test.zip")
    let entries = [
      ArchiveChanges.Entry(name: Array("a/b".utf8), content: [1, 2, 3]), .init(name: [0x63], content: []),
    ]
    let bytes = ArchiveChanges.archive(entries)
    let directory = try ZIPDirectory(path: bytes.withUnsafeBytes { file.holding($0) })
    let entry = try directory.entry("a/b")
    let content = try directory.read(entry, 0..<3)
    #expect(content == [1, 2, 3])
    #expect(directory.has("c"))
    let found = try #require(ArchiveChanges.entries(of: bytes))
    #expect(found.map(\.name) == entries.map(\.name) && found.map(\.content) == entries.map(\.content))
    #expect(ArchiveChanges.entries(of: Array(bytes.dropLast())) == nil)
    #expect(ArchiveChanges.entries(of: []) == nil)
  }

  @Test func safetensorsKeepTheLengthOfTheirHeader() throws {
    let seed = try SampleFiles.file("\(SampleFiles.foreign)/official.safetensors")
    var changes = ByteChanges(seed: 2, most: 2048)
    var (opened, otherwise) = (0, 0)
    for _ in 0..<400 {
      let changed = SafetensorsChanges.mutated(seed, &changes)
      do {
        _ = try SafetensorsFile(MemorySource(changed))
        if changed != seed { opened += 1 }
      } catch is SafetensorsError {
        otherwise += 1
      }
    }
    #expect(opened > 5 && otherwise > 20, "\(opened) opened")
  }

  @Test func numbersAndTextsOfJSON() {
    let text = Array(#"{"a":[12,3],"b":"7x"}"#.utf8)
    #expect(JSONChanges.numbers(in: text).map { String(decoding: text[$0], as: UTF8.self) } == ["12", "3", "7"])
    #expect(JSONChanges.numbers(in: []) == [] && JSONChanges.numbers(in: Array("5".utf8)) == [0..<1])
  }

  @Test func changesAreTheSameInEveryRun() {
    func some(_ seed: UInt64) -> [[UInt8]] {
      var changes = ByteChanges(seed: seed, most: 40)
      return (0..<50).map { changes.changed(Array(repeating: UInt8($0), count: $0 % 30)) }
    }
    #expect(some(1) == some(1) && some(1) != some(2))
    #expect(some(3).allSatisfy { $0.count <= 40 })
  }
}
