import CacheCodec
import ComputeKernels
import FKVFormat
import Interchange
import KVCacheModel

extension RestorePipeline {
  /// What was saved of a damaged file.
  public struct Salvaged: Sendable {
    /// Of the capture that was written; where something is lost, its provenance says so under `salvaged`.
    public var description: CacheDescription
    /// In the order of layers, keys before values, the token ids first; empty if nothing was lost.
    public var losses: [SalvageLoss]
    /// What is wrong with prologue or directory, so that sections had to be searched for; nil if nothing is.
    public var metadataError: FormatError?
  }

  /// Decodes what is whole of the file; the output appears whole or not at all, with zeros for lost rows. Every section is
  /// read twice, since the output begins with what is lost.
  ///
  /// - Parameter progress: called with layers done and layers in all, while writing.
  /// - Throws: what is wrong with the file where nothing can be decoded: without a whole header section.
  public func salvage(progress: (Int, Int) -> Void = { _, _ in }) throws -> Salvaged {
    let cache = try NamedFKVCache(
      path: input, basis: BasisFinder(file: basisFile), decoding: limits, salvaging: true, key: key
    ).cache
    let groups = cache.layerGroups
    var losses: [SalvageLoss] = []
    if let error = cache.tokenError {
      losses.append(SalvageLoss(kind: nil, layers: 0..<0, rows: 0..<0, error: error))
    }
    try ParallelLoop.ordered(
      groups.count,
      produce: { group in
        try FileFailure.naming(input) { try CacheKind.allCases.flatMap { try cache.salvage($0, group: group).losses } }
      }, consume: { _, found in losses += found })
    var description = cache.description
    if !losses.isEmpty { description.provenance["salvaged"] = losses.map { $0.description }.joined(separator: "; ") }
    let writer = try CaptureWriter(path: output, description: description)
    try ParallelLoop.ordered(
      groups.count,
      produce: { group in
        try FileFailure.naming(input) { try CacheKind.allCases.map { try cache.salvage($0, group: group).tensors } }
      },
      consume: { group, tensors in
        for (place, layer) in groups[group].enumerated() {
          try writer.write(layer: layer, key: tensors[0][place], value: tensors[1][place], queries: nil)
          progress(layer + 1, description.geometry.layers.count)
        }
      })
    try writer.commit()
    return Salvaged(description: description, losses: losses, metadataError: cache.reader.metadataError)
  }
}
