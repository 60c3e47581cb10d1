import CacheCodec
import ComputeKernels
import FileIO
import Interchange
import KVCacheModel

/// `fkv restore`: the full cache back, as a capture file.
public struct RestorePipeline: Sendable {
  public var input: String
  public var output: String
  /// The basis file, if the input needs one; nil looks in the cache folder.
  public var basisFile: String?

  public init(input: String, output: String) {
    self.input = input
    self.output = output
  }

  /// Decodes layer by layer; the output appears whole or not at all. Returns what the cache is.
  ///
  /// - Parameter progress: called with layers done and layers in all.
  public func run(progress: (Int, Int) -> Void = { _, _ in }) throws -> CacheDescription {
    let cache = try NamedFKVCache(path: input, basis: BasisFinder(file: basisFile))
    let count = cache.description.geometry.layers.count
    let writer = try CaptureWriter(path: output, description: cache.description)
    try ParallelLoop.ordered(
      count,
      produce: { layer in (try cache.tensor(.key, layer: layer), try cache.tensor(.value, layer: layer)) },
      consume: { layer, tensors in
        try writer.write(layer: layer, key: tensors.0, value: tensors.1, queries: nil)
        progress(layer + 1, count)
      })
    try writer.commit()
    return cache.description
  }
}
