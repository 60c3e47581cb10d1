import Foundation
import KVCacheModel
import TestSupport

/// Puts together the bytes of small llama.cpp state files, field by field, without the product's writer.
struct LlamaStateBuilder {
  struct Blob {
    var positions: [Int32]
    var sequences: [Int32] = []
    var layers: Int
    var features = 4
    var type: Int32 = 1
    var elementBytes = 2
    var isTransposed = false
    var cellExtension: [Int32] = []
    var rotation: (UInt32, UInt32)?
    /// Streams in all, of which this is number `stream` and the others are empty; nil for a file without the count.
    var streams: UInt32? = 1
    var stream: UInt32 = 0
    /// Whether cells name no sequence.
    var isUnnamed = false
  }

  var magic: UInt32 = 0x6767_7371
  var version: UInt32 = 3
  var tokens: [Int32] = [7, 8, 9]
  var architecture: String?
  /// Numbers of outputs, logits and embeddings; nil for none of these fields.
  var outputs: (UInt32, UInt64, UInt64)?
  var blobs: [Blob]

  /// Element `feature` of the cell at `position`: what tests expect to find again.
  static func element(_ kind: CacheKind, layer: Int, position: Int32, feature: Int) -> UInt16 {
    UInt16(kind == .key ? 0 : 0x4000) + UInt16(layer) * 0x400 + UInt16(position & 0xff) * 4
      + UInt16(feature)
  }

  var bytes: [UInt8] {
    var bytes = little(magic) + little(version) + little(UInt32(tokens.count)) + tokens.flatMap { little($0) }
    if let architecture { bytes += little(UInt32(architecture.utf8.count)) + Array(architecture.utf8) }
    if let outputs {
      bytes += little(outputs.0) + (0..<outputs.0).flatMap { little($0) }
      for count in [outputs.1, outputs.2] {
        bytes += little(count) + (0..<count).flatMap { _ in little(Float(1).bitPattern) }
      }
    }
    var firstLayer = 0
    for blob in blobs {
      if let streams = blob.streams {
        bytes += little(streams) + (0..<blob.stream).flatMap { _ in little(UInt32(0)) }
      }
      defer { bytes += ((blob.stream + 1)..<(blob.streams ?? 1)).flatMap { _ in little(UInt32(0)) } }
      bytes += little(UInt32(blob.positions.count))
      guard !blob.positions.isEmpty else { continue }
      for (cell, position) in blob.positions.enumerated() {
        bytes += little(position) + little(UInt32(blob.isUnnamed ? 0 : 1)) + blob.cellExtension.flatMap { little($0) }
        if !blob.isUnnamed { bytes += little(blob.sequences.isEmpty ? Int32(0) : blob.sequences[cell]) }
      }
      bytes += little(UInt32(blob.isTransposed ? 1 : 0)) + little(UInt32(blob.layers))
      if let rotation = blob.rotation { bytes += little(rotation.0) + little(rotation.1) }
      for layer in 0..<blob.layers { bytes += rows(blob, .key, firstLayer + layer) }
      for layer in 0..<blob.layers {
        bytes += blob.isTransposed ? channels(blob, firstLayer + layer) : rows(blob, .value, firstLayer + layer)
      }
      firstLayer += blob.layers
    }
    return bytes
  }

  private func rows(_ blob: Blob, _ kind: CacheKind, _ layer: Int) -> [UInt8] {
    var bytes = little(blob.type) + little(UInt64(blob.features * blob.elementBytes))
    for position in blob.positions {
      for feature in 0..<blob.features {
        bytes += little(Self.element(kind, layer: layer, position: position, feature: feature))
        bytes += [UInt8](repeating: 0, count: blob.elementBytes - 2)
      }
    }
    return bytes
  }

  private func channels(_ blob: Blob, _ layer: Int) -> [UInt8] {
    var bytes = little(blob.type) + little(UInt32(blob.elementBytes)) + little(UInt32(blob.features))
    for feature in 0..<blob.features {
      for position in blob.positions {
        bytes += little(Self.element(.value, layer: layer, position: position, feature: feature))
        bytes += [UInt8](repeating: 0, count: blob.elementBytes - 2)
      }
    }
    return bytes
  }

  private func little(_ value: some FixedWidthInteger) -> [UInt8] { GGUFBuilder.little(value) }

  /// A description of 2 heads of 2 dimensions, `windows` one a layer.
  static func description(tokens: Int, firstPositions: [Int], windows: [Int?]) -> CacheDescription {
    CacheDescription(
      model: ModelIdentity(name: "test", architecture: "test", fingerprint: "00"),
      geometry: CacheGeometry(
        layers: zip(firstPositions, windows).map { first, window in
          LayerGeometry(
            kvHeads: 2, queryHeads: 4, headDim: 2, tokens: tokens - first, firstPosition: first, slidingWindow: window)
        }),
      ropes: [.none], tokens: [7, 8, 9], attentionScale: 1)
  }
}
