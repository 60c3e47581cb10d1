import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Files that other programs wrote (Tests/InterchangeTests/Resources/README.md says which wrote what).
enum ForeignSamples {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Resources/\(name)").path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// The number that samples hold: exact in F16, BF16 and F32.
  static func number(_ kind: CacheKind, layer: Int, head: Int, position: Int, dim: Int) -> Float {
    let offset = kind == .value ? 17 : 0
    return Float((31 * layer + offset + 7 * head + 13 * position + dim) % 127 - 63)
  }

  /// The numbers of one layer, (H, T, D).
  static func numbers(_ kind: CacheKind, layer: Int, of facts: ForeignFacts.Layer) -> [Float] {
    (0..<facts.kvHeads).flatMap { head in
      (facts.firstPosition..<facts.firstPosition + facts.tokens).flatMap { position in
        (0..<facts.headDim).map { number(kind, layer: layer, head: head, position: position, dim: $0) }
      }
    }
  }

  /// All tensors must hold the samples' numbers.
  static func check(_ cache: some ForeignCache, _ location: SourceLocation = #_sourceLocation) throws {
    for (layer, facts) in cache.facts.layers.enumerated() {
      for kind in CacheKind.allCases {
        let tensor = try cache.tensor(kind, layer: layer)
        #expect(
          tensor.kvHeads == facts.kvHeads && tensor.tokens == facts.tokens && tensor.headDim == facts.headDim,
          sourceLocation: location)
        #expect(tensor.elementType == (kind == .key ? cache.facts.keyType : cache.facts.valueType))
        #expect(
          tensor.decodedElements == numbers(kind, layer: layer, of: facts), "\(kind.name) of layer \(layer)",
          sourceLocation: location)
      }
    }
  }
}
