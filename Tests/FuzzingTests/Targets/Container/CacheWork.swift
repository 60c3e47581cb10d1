import Coding
import KVCacheModel

@testable import CacheCodec
@testable import FKVFormat

/// What decoding a layer or group of layers takes by what a file declares: transforms may be far longer than bytes.
struct CacheWork {
  /// Whether it is little enough for millions of inputs.
  private(set) var isSmall = true

  /// Looks at the heads of the sections, and adds what they declare in decoded bytes.
  init(_ cache: FKVCache, _ kind: CacheKind, group: Int, declared: inout Int) throws {
    let layers = cache.layerGroups[group]
    let shape = cache.description.geometry.layers[layers.lowerBound]
    guard shape.elementCount > 0 else { return }
    // Both the tensors and their numbers.
    declared += 8 * shape.elementCount * layers.count
    if let fourier = cache.fourier {
      let head = try FourierSection.head(
        cache.reader.payload(of: fourier.section(kind, layers.lowerBound)), layer: shape, place: "fuzz")
      declared += 8 * head.numbers[4] * head.numbers[5] + 8 * head.numbers[6]
      isSmall = head.numbers[6] <= 2048 && head.numbers[4] <= 512
    } else if let decoder = cache.spectral {
      guard let entry = cache.reader.section(.spectralFrame(kind), layer: layers.lowerBound) else { return }
      let head = try SpectralFrame.head(
        cache.reader.payload(of: entry), group: decoder.groups[group], kind: kind, place: "fuzz")
      let (n, block) = (decoder.groups[group].features, head.blockLength)
      let segments = cache.reader.sections(.spectralSegment(kind), layer: layers.lowerBound)
      declared += 4 * (n * n + block * block)
      for segment in segments {
        declared += 4 * n * SpectralSegment.blocks(rows: segment.tokens.count, blockLength: block) * block
      }
      isSmall = n <= 256 && block <= 128 && declared <= 8 << 20
    }
  }
}

/// Whether it is an error of coded bytes.
func isCodingError(_ error: any Error) -> Bool { error is CodingError }
