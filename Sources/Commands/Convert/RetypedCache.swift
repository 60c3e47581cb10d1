import CacheCodec
import Foundation
import Interchange
import KVCacheModel

/// A cache with its numbers in another element type; counts those that change.
final class RetypedCache: CacheSource, @unchecked Sendable {
  let description: CacheDescription
  private let source: any CacheSource
  private let lock = NSLock()
  private var counts: [Place: Counts] = [:]

  private struct Place: Hashable {
    var kind: CacheKind
    var layer: Int
  }

  private struct Counts {
    var rounded = 0
    var outOfRange = 0
  }

  /// Numbers are rounded to the nearest, ties to even; finite ones beyond the range become the largest, as everywhere
  /// in fkv.
  init(_ source: any CacheSource, type: ElementType) {
    var description = source.description
    description.keyType = type
    description.valueType = type
    self.source = source
    self.description = description
  }

  func probeQueries(layer: Int) throws -> ProbeQueries? { try source.probeQueries(layer: layer) }

  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    let tensor = try source.tensor(kind, layer: layer)
    let type = description.elementType(of: kind)
    guard tensor.elementType != type else { return tensor }
    let before = tensor.floats()
    let result = CacheTensor(
      values: before, kvHeads: tensor.kvHeads, tokens: tensor.tokens, headDim: tensor.headDim, elementType: type)
    var counted = Counts()
    if type != .float32 {
      for (x, y) in zip(before, result.floats()) where x != y && !(x.isNaN && y.isNaN) {
        counted.rounded += 1
        if abs(x) > Self.largest(type) { counted.outOfRange += 1 }
      }
    }
    lock.withLock { counts[Place(kind: kind, layer: layer)] = counted }
    return result
  }

  /// What was lost in the tensors that were read so far.
  var losses: [ConversionLoss] {
    let counts = lock.withLock { self.counts }
    return CacheKind.allCases.flatMap { kind -> [ConversionLoss] in
      let (from, to) = (source.description.elementType(of: kind), description.elementType(of: kind))
      let own = counts.filter { $0.key.kind == kind }
      let total = own.keys.reduce(0) { $0 + description.geometry.layers[$1.layer].elementCount }
      let rounded = own.values.reduce(0) { $0 + $1.rounded }
      let outOfRange = own.values.reduce(0) { $0 + $1.outOfRange }
      let names = "\(from.safetensorsName) to \(to.safetensorsName)"
      return [
        ("\(kind.name)s change from \(names)", rounded),
        ("\(kind.name)s are beyond \(to.safetensorsName) and become its largest number", outOfRange),
      ].filter { $0.1 > 0 }.map { ConversionLoss(.rounding, $0.0, count: $0.1, of: total) }
    }
  }

  private static func largest(_ type: ElementType) -> Float {
    switch type {
    case .float16: 65504
    case .bfloat16: Float(bitPattern: 0x7F7F_0000)
    case .float32: .greatestFiniteMagnitude
    }
  }
}
