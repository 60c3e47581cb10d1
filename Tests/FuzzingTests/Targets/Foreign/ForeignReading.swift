import KVCacheModel

@testable import Interchange

/// Reads a foreign cache as `fkv convert` does.
enum ForeignReading {
  /// Opens a file, resolves its facts and reads keys, values and probe queries of three layers at most.
  static func readAll(
    _ format: any CacheFormat, _ path: String, _ supplied: SuppliedFacts, _ declared: inout Int
  ) throws {
    let cache = try format.open(path, supplied: supplied)
    let layers = cache.facts.layers
    guard let first = layers.first else { throw FuzzFinding("\(format.name): a cache without layers") }
    // Empty layers are as good as others; their number alone is what a file can say without bytes for it.
    declared += 256 * layers.count
    let described = try DescribedCache(cache, supplied: supplied, needs: [])
    guard described.description.geometry.layers.count == layers.count else {
      throw FuzzFinding("\(format.name): another number of layers")
    }
    for layer in Set([0, layers.count / 2, layers.count - 1]) {
      let shape = described.description.geometry.layers[layer]
      declared += 4 * shape.elementCount
      for kind in CacheKind.allCases {
        let tensor = try described.tensor(kind, layer: layer)
        let type = described.description.elementType(of: kind)
        guard tensor.bytes.count == shape.elementCount * type.byteCount else {
          throw FuzzFinding("\(format.name): \(tensor.bytes.count) bytes for \(shape) of \(type)")
        }
      }
      _ = try described.probeQueries(layer: layer)
    }
    _ = first
  }

  /// Whether it is an error that names what is wrong with a foreign file.
  static func mayThrow(_ error: any Error) -> Bool {
    error is ForeignError || error is SafetensorsError || error is CaptureError || error is MissingFacts
      || error is FactConflict || error is LlamaStateError || error is GGUFError
  }
}
