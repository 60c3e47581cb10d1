import CacheCodec
import Commands
import FKVFormat
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// Damaged files as `fkv verify` and `fkv restore --salvage` take them.
@Suite struct SalvagePipelineTests {
  private let scratch = ScratchFolder()
  private let cache = SyntheticCache.make(layers: 3, tokens: 20, headDim: 4)

  private func write() throws -> [SectionEntry] {
    _ = try CacheEncoder(.lossless, writer: "test").encode(cache, to: scratch.file("c.fkv"))
    return try FKVReader(path: scratch.file("c.fkv")).sections
  }

  private func damage(_ places: [Int]) throws {
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: scratch.file("c.fkv"))))
    for place in places { bytes[place] ^= 1 }
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.file("c.fkv")))
  }

  private func salvage() throws -> RestorePipeline.Salvaged {
    try RestorePipeline(input: scratch.file("c.fkv"), output: scratch.file("r.safetensors")).salvage()
  }

  @Test func aWholeFileComesBackWhole() throws {
    _ = try write()
    #expect(try salvage().losses.isEmpty)
    let file = try CaptureFile(path: scratch.file("r.safetensors"))
    #expect(file.description.provenance["salvaged"] == nil && file.description.tokens == cache.description.tokens)
    for layer in 0..<3 { #expect(try file.tensor(.key, layer: layer) == cache.keys[layer]) }
  }

  @Test func lossesAreNamedAndTheRestIsExact() throws {
    let sections = try write()
    // Sections stand as: token ids, keys and values of layers 0, 1, 2, header.
    try damage([sections[0].payloadOffset, sections[4].payloadOffset + 3])
    #expect(
      try VerifyPipeline(path: scratch.file("c.fkv")).run().findings.map(\.section.id) == [
        sections[0].id, sections[4].id,
      ])
    #expect(throws: FileFailure.self) {
      try RestorePipeline(input: scratch.file("c.fkv"), output: scratch.file("r.safetensors")).run()
    }
    let salvaged = try salvage()
    #expect(salvaged.losses.map(\.kind) == [nil, .value])
    #expect(salvaged.losses[1].layers == 1..<2 && salvaged.losses[1].rows == 0..<20)
    #expect(
      salvaged.losses[1].description.hasPrefix("values of layer 1, rows 0 to 19: section lossless-values layer 1"))
    let file = try CaptureFile(path: scratch.file("r.safetensors"))
    #expect(file.description.tokens == nil)
    #expect(file.description.provenance["salvaged"] == salvaged.losses.map(\.description).joined(separator: "; "))
    for layer in 0..<3 {
      #expect(try file.tensor(.key, layer: layer) == cache.keys[layer])
      let values = try file.tensor(.value, layer: layer)
      #expect(layer == 1 ? values.bytes.allSatisfy { $0 == 0 } : values == cache.values[layer])
    }
  }

  /// A directory that is gone, and a section cut out: what is left is found, and what is not there is named.
  @Test func sectionsAreSearchedForWithoutADirectory() throws {
    let sections = try write()
    let path = scratch.file("c.fkv")
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let directory = bytes.count - 56 * sections.count
    bytes.removeSubrange(directory + 10..<bytes.count)
    bytes.removeSubrange(sections[3].offset..<sections[4].offset + 5)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    #expect(throws: FileFailure.self) { try VerifyPipeline(path: path).run() }
    let salvaged = try salvage()
    guard case .fileSize? = salvaged.metadataError else {
      Issue.record("\(String(describing: salvaged.metadataError))")
      return
    }
    #expect(
      salvaged.losses.map(\.description) == [
        "keys of layer 1, rows 0 to 19: no section with the keys of layer 1",
        "values of layer 1, rows 0 to 19: no section with the values of layer 1",
      ])
    let file = try CaptureFile(path: scratch.file("r.safetensors"))
    #expect(file.description.tokens == cache.description.tokens)
    for layer in [0, 2] {
      #expect(try file.tensor(.key, layer: layer) == cache.keys[layer])
      #expect(try file.tensor(.value, layer: layer) == cache.values[layer])
    }
    #expect(try file.tensor(.key, layer: 1).bytes.allSatisfy { $0 == 0 })
  }

  /// An encrypted file's sections are salvaged by its directory, and not without it.
  @Test func encryptedFiles() throws {
    var encoder = CacheEncoder(.lossless, writer: "test")
    encoder.key = try #require(FileKey(bytes: [UInt8](repeating: 9, count: FileKey.byteCount)))
    _ = try encoder.encode(cache, to: scratch.file("c.fkv"))
    let sections = try FKVReader(path: scratch.file("c.fkv"), key: encoder.key).sections
    var pipeline = RestorePipeline(input: scratch.file("c.fkv"), output: scratch.file("r.safetensors"))
    pipeline.key = encoder.key
    try damage([sections[1].payloadOffset])
    let salvaged = try pipeline.salvage()
    #expect(salvaged.losses.map(\.kind) == [.key] && salvaged.losses[0].layers == 0..<1)
    let file = try CaptureFile(path: scratch.file("r.safetensors"))
    for layer in 0..<3 {
      #expect(try file.tensor(.value, layer: layer) == cache.values[layer])
      if layer > 0 { #expect(try file.tensor(.key, layer: layer) == cache.keys[layer]) }
    }
    try damage([sections[sections.count - 1].payloadOffset + sections[sections.count - 1].storedBytes + 60])
    #expect(throws: FileFailure.self) { try pipeline.salvage() }
  }

  @Test func withoutAHeaderNothingIsLeft() throws {
    let sections = try write()
    try damage([sections[sections.count - 1].payloadOffset])
    #expect(throws: FileFailure.self) { try salvage() }
    #expect(scratch.names == ["c.fkv"])
  }
}
