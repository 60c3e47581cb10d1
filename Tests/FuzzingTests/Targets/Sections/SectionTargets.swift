import Coding
import KVCacheModel
import SpectralTransform

@testable import CacheCodec

/// The payload of each kind of section, without a container around it.
enum SectionTargets {
  static let mostBytes = 4096
  static let all = [lossless, fourier, frame, segment]

  static let lossless = target("lossless", seeds: SectionSeeds.lossless) { shape, input, declared in
    let tensor = try LosslessSection.decode(input.bytes, layer: shape.layer, elementType: shape.elementType)
    guard tensor.bytes.count == shape.layer.elementCount * shape.elementType.byteCount else {
      throw FuzzFinding("lossless: \(tensor.bytes.count) bytes")
    }
  }

  static let fourier = target(
    "fourier", seeds: SectionSeeds.fourier,
    // FFTW's planner takes that besides what it transforms.
    memory: MemoryCap(fixed: 256 << 10)
  ) { shape, input, declared in
    let size = shape.elementType.byteCount
    let head = try FourierSection.head(input.bytes, layer: shape.layer, place: "fuzz")
    declared += 8 * head.numbers[4] * head.numbers[5]
    let section = try FourierSection(parsing: input.bytes, layer: shape.layer, elementSize: size, place: "fuzz")
    // A transform may be as long as the format allows, whatever the bytes; shorter ones are alike.
    guard section.period <= 512 else { return }
    declared += 8 * section.period
    _ = section.restored(layer: shape.layer, elementType: shape.elementType)
  }

  static let frame = target("frame", seeds: SectionSeeds.frames) { shape, input, declared in
    let size = shape.elementType.byteCount
    let frame = try SpectralFrame(
      parsing: input.bytes, group: shape.group, kind: shape.kind, elementSize: size, place: "fuzz")
    declared += 8 * shape.group.features * shape.group.features
    if let basis = frame.basis, shape.group.features <= 64 { _ = basis.vectors() }
    var tensors = shape.emptyTensors
    SpectralGroupCoder.restoreExactRows(frame, into: &tensors)
  }

  /// A segment of all the shape's tokens, in a group of features as they are and blocks of 1…64 tokens.
  static let segment = target("segment", seeds: SectionSeeds.segments) { shape, input, declared in
    let group = shape.group
    let block = 1 + shape.sixth % 64
    let size = shape.elementType.byteCount
    let weights = [Float](repeating: 1, count: group.count * group.shape.kvHeads)
    let frame = SpectralFrame(
      group: group, blockLength: block, basisSource: .none, isUnrotated: false, weights: weights,
      mean: [Float](repeating: 0, count: group.features), basis: nil, exactRows: [], exactBytes: [],
      exactFeatures: shape.sixth & 64 == 0 ? [] : [group.features - 1])
    declared += 8 * group.features * (shape.layer.tokens + block)
    let segment = try SpectralSegment(
      parsing: input.bytes, rows: 0..<shape.layer.tokens, frame: frame, elementSize: size, place: "fuzz")
    guard group.features <= 64 else { return }
    declared += 8 * (group.features * group.features + block * block)
    let basis = QuantisedBasis(dimension: group.features, integers: []).vectors()
    let transform = SegmentTransform(basis: basis, features: group.features, blockLength: block)
    let samples = GroupSamples(group: group, weights: weights, mean: frame.mean, rotation: nil)
    var tensors = shape.emptyTensors
    SpectralGroupCoder.restore(segment, frame: frame, samples: samples, transform: transform, into: &tensors)
  }

  private static func target(
    _ name: String, seeds: @escaping @Sendable () throws -> [[UInt8]], memory: MemoryCap = MemoryCap(),
    _ decode: @escaping @Sendable (SectionShape, FuzzInput, inout Int) throws -> Void
  ) -> FuzzTarget {
    FuzzTarget(
      name: name, mostBytes: mostBytes, memory: memory, seeds: seeds, mutation: mutated,
      mayThrow: { $0 is CodingError || $0 is CodecError },
      run: { bytes, declared in
        var input = FuzzInput(bytes)
        let shape = SectionShape(&input)
        declared = 2 * shape.floatBytes
        try decode(shape, input, &declared)
      })
  }

  /// The shape is changed seldom; in the payload numbers near the front, or an end together with its length.
  @Sendable private static func mutated(_ bytes: [UInt8], _ changes: inout ByteChanges) -> [UInt8] {
    guard bytes.count > SectionShape.byteCount, changes.number(below: 8) > 0 else { return changes.changed(bytes) }
    let start = bytes.prefix(SectionShape.byteCount)
    let payload = ContainerChanges.payload(Array(bytes.dropFirst(SectionShape.byteCount)), &changes)
    return payload.count + start.count <= changes.most ? start + payload : bytes
  }
}

extension SectionShape {
  /// Tensors of zeros, one a layer of the group.
  var emptyTensors: [CacheTensor] {
    (0..<group.count).map { _ in
      CacheTensor(
        kvHeads: layer.kvHeads, tokens: layer.tokens, headDim: layer.headDim, elementType: elementType,
        bytes: [UInt8](repeating: 0, count: layer.elementCount * elementType.byteCount))
    }
  }
}
