import ComputeKernels
import KVCacheModel
import SpectralTransform

/// Keys or values of one layer in profile `spectral`, read segment by segment: never the whole layer at once, and of a
/// group's basis only the layer's own columns.
public struct SpectralLayerReader: Sendable {
  /// Rows kept bit for bit, ascending; and rows of each segment, ascending. Together every row of the layer.
  public let exactRows: [Range<Int>]
  public let segmentRows: [Range<Int>]
  /// Whether the rotary embedding was undone before coding: then keys of a segment must be turned row by row, and
  /// nothing can be computed from coefficients.
  public var isUnrotated: Bool { opened.samples.rotation != nil }

  let decoder: SpectralDecoder
  let opened: SpectralDecoder.OpenedGroup
  let shape: LayerGeometry
  let elementType: ElementType
  /// The layer's features among the group's n, and its place in the group.
  let columns: Range<Int>
  let place: Int
  private let kind: CacheKind

  init(_ spectral: SpectralDecoder, _ kind: CacheKind, layer: Int) throws {
    let index = spectral.groupIndex(ofLayer: layer)
    let group = spectral.groups[index]
    decoder = spectral
    self.kind = kind
    opened = try spectral.open(kind, group: index)
    shape = group.shape
    elementType = spectral.description.elementType(of: kind)
    place = layer - group.firstLayer
    columns = place * shape.features..<(place + 1) * shape.features
    exactRows = opened.frame.exactRows
    segmentRows = opened.segments.map(\.tokens)
  }

  /// The exact rows one after the other, (H, rows, D).
  public func exactTensor() -> CacheTensor {
    let rows = exactRows.reduce(0) { $0 + $1.count }
    let size = rows * shape.features * elementType.byteCount
    return CacheTensor(
      kvHeads: shape.kvHeads, tokens: rows, headDim: shape.headDim, elementType: elementType,
      bytes: Array(opened.frame.exactBytes[place * size..<(place + 1) * size]))
  }

  /// Reads a segment and undoes its entropy coding and quantiser.
  ///
  /// - Throws: `FormatError` if the section is damaged, `CodecError`, `CodingError`.
  public func segment(_ index: Int) throws -> SpectralLayerSegment {
    var work = opened.cost.work
    let segment = try decoder.segment(opened.segments[index], of: opened, kind, work: &work)
    return SpectralLayerSegment(segment, self)
  }
}

extension FKVCache {
  /// The reader of a file of profile `spectral`; nil for other files.
  var spectral: SpectralDecoder? { profileReader as? SpectralDecoder }

  /// Keys or values of one layer, to be read segment by segment.
  ///
  /// - Precondition: the layer has tokens.
  /// - Throws: `CodecError.unsuitable` for a file of another profile, `FormatError` if the group's frame is damaged, `CodecError`, `CodingError`.
  public func spectralLayer(_ kind: CacheKind, layer: Int) throws -> SpectralLayerReader {
    precondition(description.geometry.layers[layer].tokens > 0, "a layer without tokens")
    guard let spectral else { throw CodecError.unsuitable("the file has profile \(header.profile.name), not spectral") }
    return try SpectralLayerReader(spectral, kind, layer: layer)
  }
}
