import FileIO
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Damages a file in many ways and opens each: it must be refused with a typed error, or read whole; never trap.
struct ForeignMutations {
  let folder = ScratchFolder()
  /// Opens the file at a path and reads all of it.
  let read: (String) throws -> Void
  /// The name of the damaged file.
  var name = "mutated"

  /// What became of the files.
  struct Outcome { var refused = 0, taken = 0 }

  /// Opens a file with those bytes; errors that the layer does not own fail the test.
  func opens(_ bytes: [UInt8], _ what: @autoclosure () -> String) -> Bool {
    do {
      try read(folder.write(bytes, as: name))
      return true
    } catch is ForeignError, is SafetensorsError, is CaptureError, is MissingFacts, is FactConflict {
      return false
    } catch {
      Issue.record("\(what()): \(error)")
      return false
    }
  }

  /// The file cut at each length of `lengths`, all of which must be refused.
  func truncated(_ bytes: [UInt8], at lengths: Range<Int>, _ location: SourceLocation = #_sourceLocation) {
    for count in lengths {
      #expect(!opens(Array(bytes[..<count]), "cut at \(count)"), "cut at \(count)", sourceLocation: location)
    }
  }

  /// `count` files with bytes replaced, removed, doubled or swapped at places of `range`, the same in every run; as many
  /// times more as FKV_FUZZ says.
  func mutated(_ bytes: [UInt8], count: Int, in range: Range<Int>, seed: UInt64) -> Outcome {
    var generator = RepeatableGenerator(seed: seed)
    var outcome = Outcome()
    for round in 0..<count * (Int(ProcessInfo.processInfo.environment["FKV_FUZZ"] ?? "") ?? 1) {
      var copy = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: range.lowerBound..<min(range.upperBound, copy.count), using: &generator)
        let length = min(Int.random(in: 1...9, using: &generator), copy.count - place)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: copy[place] = UInt8.random(in: .min ... .max, using: &generator)
        case 1: copy[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: copy[place] = [0x00, 0x01, 0x7F, 0x80, 0xFF][Int.random(in: 0..<5, using: &generator)]
        case 3: copy.removeSubrange(place..<place + length)
        case 4: copy.insert(contentsOf: copy[place..<place + length], at: place)
        case 5: for index in place..<place + length { copy[index] = 0xFF }
        case 6: copy[place] = Array("0123456789[]{},:\"-.".utf8)[Int.random(in: 0..<19, using: &generator)]
        default:
          let from = Int.random(in: 0..<copy.count - length + 1, using: &generator)
          copy.replaceSubrange(place..<place + length, with: Array(copy[from..<from + length]))
        }
      }
      if opens(copy, "seed \(seed), round \(round)") { outcome.taken += 1 } else { outcome.refused += 1 }
    }
    return outcome
  }
}

/// Reads every tensor of a cache, whose values check their shapes themselves.
func readAll(_ cache: some ForeignCache) throws {
  for layer in cache.facts.layers.indices {
    for kind in CacheKind.allCases { _ = try cache.tensor(kind, layer: layer) }
  }
}
