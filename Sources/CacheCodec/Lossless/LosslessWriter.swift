import FKVFormat
import KVCacheModel

/// Writes profile `lossless`: every bit of every number.
struct LosslessWriter: LayerWriter {
  var profile: Profile { .lossless }

  func encode(
    _ tensor: CacheTensor, _ kind: CacheKind, layer: Int, of layers: Int
  ) -> (payload: [UInt8], restored: CacheTensor?) { (LosslessSection.encode(tensor), nil) }

  func section(_ kind: CacheKind) -> SectionKind { .lossless(kind) }
}
