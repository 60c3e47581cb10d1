import ComputeKernels
import FKVFormat
import KVCacheModel
import SpectralTransform

/// Reads profile `spectral`: any group, and any of its segments, without the rest of the file.
package struct SpectralDecoder: ProfileReader {
  let file: ProfileFile
  let groups: [LayerGroup]
  private let rotations: KeyRotations

  var reader: FKVReader { file.reader }
  var description: CacheDescription { file.description }
  var limits: DecodingLimits { file.limits }
  /// The basis that the header names; nil also where it was not given: then groups can be summed up and not decoded.
  var model: ModelBasis? { file.basis }

  /// - Throws: `CodecError` if the basis does not fit, or sections are missing, except where the file is opened to salvage
  ///   it.
  init(_ file: ProfileFile) throws {
    self.file = file
    let header = file.header
    var first = 0
    groups = header.groupSizes.map { size in
      defer { first += size }
      return LayerGroup(firstLayer: first, count: size, shape: header.description.geometry.layers[first])
    }
    rotations = KeyRotations(header.description)
    if let hash = header.basisHash, let model = file.basis {
      guard model.hash == hash else { throw CodecError.wrongBasis(needed: hash, found: model.hash) }
      guard model.groups.map(\.count) == header.groupSizes, model.fits(header.description.geometry) else {
        throw CodecError.unsuitable("the basis file is of another shape than the cache")
      }
    }
    guard !file.isSalvaging else { return }
    for group in groups where group.shape.tokens > 0 {
      for kind in CacheKind.allCases where reader.section(.spectralFrame(kind), layer: group.firstLayer) == nil {
        throw CodecError.missingSection(layer: group.firstLayer, kind: kind)
      }
    }
  }

  /// The group that a layer belongs to.
  func groupIndex(ofLayer layer: Int) -> Int { groups.firstIndex { $0.layers.contains(layer) }! }

  /// Keys or values of a group, ready for its segments.
  struct OpenedGroup: Sendable {
    let frame: SpectralFrame
    let samples: GroupSamples
    let transform: SegmentTransform
    /// In row order.
    let segments: [SectionEntry]
    /// Rows that none of them holds; only where the group was opened to salvage it.
    let missing: [Range<Int>]
    let place: String
    /// What of it was taken when the group was opened: kept memory, work done.
    let cost: DecodingCost
    let allowance: DecodingCost
  }

  /// Reads a group's frame and checks that frame and segments cover every row once; where it is opened to salvage it, once
  /// at most.
  ///
  /// - Throws: `FormatError` if the frame is damaged, `CodecError`, `CodingError`.
  func open(_ kind: CacheKind, group index: Int, salvaging: Bool = false) throws -> OpenedGroup {
    let group = groups[index]
    let place = self.place(kind, group: index)
    let entry = try frameSection(kind, group: index)
    let segments = reader.sections(.spectralSegment(kind), layer: group.firstLayer)
      .sorted { $0.tokens.lowerBound < $1.tokens.lowerBound }
    let payload = try reader.payload(of: entry)
    let allowance = allowance(of: [entry] + segments)
    let cost = try frameCost(payload, kind, group: index, place: place)
    try cost.check(place, within: allowance)
    let frame = try SpectralFrame(
      parsing: payload, group: group, kind: kind,
      elementSize: description.elementType(of: kind).byteCount, place: place)
    try entry.checkRawBytes(entry.storedBytes)
    let rotation = frame.isUnrotated ? rotations.rotation(of: group) : nil
    guard !frame.isUnrotated || rotation != nil else {
      throw CodecError.badValue(
        place: place, field: "un-rotated", declared: "1", allowed: "0, as the keys carry no known rotation")
    }
    // What a segment decodes to is checked against its bytes (`ReadingLimits`) only if it declares it truly.
    for segment in segments {
      try segment.checkRawBytes(
        segment.tokens.count * group.features * description.elementType(of: kind).byteCount)
    }
    let covered = (frame.exactRows + segments.map(\.tokens)).sorted { $0.lowerBound < $1.lowerBound }
    var end = 0
    var missing: [Range<Int>] = []
    for rows in covered {
      if salvaging, rows.lowerBound > end, rows.upperBound <= group.shape.tokens {
        missing.append(end..<rows.lowerBound)
        end = rows.lowerBound
      }
      guard rows.lowerBound == end, !rows.isEmpty else {
        throw CodecError.badValue(
          place: place, field: "rows", declared: "\(rows.count) from \(rows.lowerBound)", allowed: "rows from \(end) on"
        )
      }
      end = rows.upperBound
    }
    if salvaging, end < group.shape.tokens {
      missing.append(end..<group.shape.tokens)
      end = group.shape.tokens
    }
    guard end == group.shape.tokens else {
      throw CodecError.badValue(
        place: place, field: "rows", declared: "\(end)", allowed: "\(group.shape.tokens), the layers' tokens")
    }
    let n = group.features
    let basis: QuantisedBasis
    switch frame.basisSource {
    case .none: basis = QuantisedBasis(dimension: n, integers: [])
    case .embedded: basis = frame.basis!
    case .model:
      guard let basisHash = file.header.basisHash else { throw CodecError.missingField("basis hash") }
      guard let model else { throw CodecError.basisNeeded(hash: basisHash) }
      basis = model.part(kind, group: index).basis
    }
    let samples = GroupSamples(
      group: group, weights: frame.weights, mean: frame.mean, rotation: rotation)
    return OpenedGroup(
      frame: frame, samples: samples,
      transform: SegmentTransform(basis: basis.vectors(), features: n, blockLength: frame.blockLength),
      segments: segments, missing: missing, place: place, cost: cost, allowance: allowance)
  }

  /// Decodes keys or values of a group's layers; rows outside `rows` stay 0 where their segments need not be read.
  ///
  /// - Throws: as `open`, and for segments.
  package func tensors(_ kind: CacheKind, group index: Int, rows: Range<Int>? = nil) throws -> [CacheTensor] {
    // A group without tokens has no sections.
    let opened = groups[index].shape.tokens > 0 ? try open(kind, group: index) : nil
    var tensors = zeros(kind, group: index)
    guard let opened else { return tensors }
    var work = opened.cost.work
    for entry in opened.segments where rows?.overlaps(entry.tokens) ?? true {
      try restore(entry, of: opened, kind, work: &work, into: &tensors)
    }
    SpectralGroupCoder.restoreExactRows(opened.frame, into: &tensors)
    return tensors
  }

  /// Tensors of the group's layers, every element 0.
  func zeros(_ kind: CacheKind, group index: Int) -> [CacheTensor] {
    groups[index].layers.map { file.zeros(kind, layer: $0) }
  }

  /// Decodes a segment into its rows. `work` is what the group took before, and then with the segment.
  ///
  /// - Throws: `FormatError` if it is damaged, `CodecError`, `CodingError`; `tensors` is then as it was.
  func restore(
    _ entry: SectionEntry, of opened: OpenedGroup, _ kind: CacheKind, work: inout Int, into tensors: inout [CacheTensor]
  ) throws {
    let segment = try segment(entry, of: opened, kind, work: &work)
    SpectralGroupCoder.restore(
      segment, frame: opened.frame, samples: opened.samples, transform: opened.transform, into: &tensors)
  }
}
