import FileIO
import Foundation
import TestSupport
import Testing

@testable import Interchange

/// llama.cpp's own files with bytes changed, cut and moved: they throw an error that names the file, or give a cache
/// that agrees with itself. `FKV_FUZZ_ROUNDS` sets the mutations of each file (default 250; 14 files).
struct LlamaStateMutationTests {
  private static let rounds = ProcessInfo.processInfo.environment["FKV_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 250
  /// What interesting integers begin with, besides noise.
  private static let words: [UInt32] = [0, 1, 2, 3, 8, 30, 0x7F, 0xFF, 0xFFFF, 1 << 20, 0x7FFF_FFFF, 1 << 31, .max]

  @Test(arguments: LlamaSamples.names) func changedFilesNeverTrap(_ name: String) throws {
    let scratch = ScratchFolder()
    let bytes = try LlamaSamples.bytes(name)
    var generator = RepeatableGenerator(seed: UInt64(bytes.count))
    var opened = 0
    for round in 0..<Self.rounds {
      var mutated = bytes
      for _ in 0..<Int.random(in: 1...3, using: &generator) { Self.change(&mutated, &generator) }
      let path = scratch.write(mutated)
      do {
        try Self.readAll(path, name)
        opened += 1
      } catch {
        #expect(
          error is LlamaStateError || error is MissingFacts || error is FactConflict, "\(name) \(round): \(error)")
        #expect("\(error)".contains(path), "\(error)")
      }
    }
    // Numbers and token ids may change unseen.
    #expect(opened < Self.rounds)
  }

  private static func readAll(_ path: String, _ name: String) throws {
    let item = try FormatItem(path: path)
    let format: any CacheFormat = LlamaSessionFormat().recognises(item) ? LlamaSessionFormat() : LlamaSequenceFormat()
    let cache = try format.open(path, supplied: LlamaSamples.supplied(name))
    let described = try DescribedCache(cache, supplied: LlamaSamples.supplied(name), needs: [])
    // Tensors check their own shape; two layers show what all have in common.
    for layer in [0, described.description.geometry.layers.count - 1] {
      _ = try described.tensor(.key, layer: layer)
      _ = try described.tensor(.value, layer: layer)
    }
  }

  /// Most changes hit the first 200 bytes or a tensor's header, where all decisions are made.
  private static func change(_ bytes: inout [UInt8], _ generator: inout RepeatableGenerator) {
    let place =
      Bool.random(using: &generator)
      ? Int.random(in: 0..<min(200, bytes.count), using: &generator)
      : Int.random(in: 0..<bytes.count, using: &generator)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
    case 2, 3:
      let aligned = place & ~3
      let word = words.randomElement(using: &generator)!
      for byte in 0..<4 where aligned + byte < bytes.count {
        bytes[aligned + byte] = UInt8(truncatingIfNeeded: word >> (8 * UInt32(byte)))
      }
    case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...64, using: &generator)))
    default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 8)], at: place)
    }
    if bytes.isEmpty { bytes = [0] }
  }
}
