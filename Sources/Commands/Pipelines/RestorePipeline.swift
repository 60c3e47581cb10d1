import CacheCodec
import ComputeKernels
import FKVFormat
import FileIO
import Interchange
import KVCacheModel

/// `fkv restore`: the full cache back, or some of its tokens, as a capture file or in another format.
public struct RestorePipeline: Sendable {
  public var input: String
  public var output: String
  /// The first and last position to restore; nil takes the cache's own. Profiles `lossless` and `spectral` do not read
  /// what holds other positions only.
  public var firstPosition: Int?
  public var lastPosition: Int?
  /// The basis file, if the input needs one; nil looks in the cache folder.
  public var basisFile: String?
  /// The key of an encrypted input.
  public var key: FileKey?
  /// The format to write; nil writes a capture.
  public var writing: CacheWriting?
  /// What decoding may take.
  public var limits = DecodingLimits()
  /// The type to write numbers in; nil keeps the cache's. For `writing`.
  public var elementType: ElementType?

  public init(input: String, output: String) {
    self.input = input
    self.output = output
  }

  /// The cache has no such positions.
  public struct OutOfRange: Error, Equatable, Sendable, CustomStringConvertible {
    public var first: Int
    public var last: Int
    /// What the cache's layers hold, from the first position of any to the last.
    public var held: Range<Int>

    public var description: String {
      "positions \(first) to \(last) are asked for, the cache holds "
        + (held.isEmpty ? "none" : "\(held.lowerBound) to \(held.upperBound - 1)")
    }
  }

  /// What a run reports.
  public struct Report: Sendable {
    public var description: CacheDescription
    /// What the output does not have of the cache.
    public var losses: [LossSummary]
  }

  /// Decodes some layers at a time; the output appears whole or not at all.
  ///
  /// - Parameter progress: called with layers done and layers in all.
  /// - Throws: `OutOfRange`; what is wrong with the file; what the format to write cannot hold.
  @discardableResult
  public func run(progress: (Int, Int) -> Void = { _, _ in }) throws -> Report {
    let named = try NamedFKVCache(path: input, basis: BasisFinder(file: basisFile), decoding: limits, key: key)
    let cache = named.cache
    let full = cache.description
    let positions = try FileFailure.naming(input) { try wantedPositions(of: full) }
    let rows = full.geometry.layers.map { layer in
      let own = positions.clamped(to: layer.firstPosition..<layer.endPosition)
      return own.lowerBound - layer.firstPosition..<own.upperBound - layer.firstPosition
    }
    let description = isPart ? Self.part(of: full, rows: rows, positions: positions) : full
    if let writing { return try write(RowRangeCache(named, description: description, rows: rows), writing, progress) }
    let writer = try CaptureWriter(path: output, description: description)
    let (groups, count) = (cache.layerGroups, full.geometry.layers.count)
    try ParallelLoop.ordered(
      groups.count,
      produce: { group in
        try FileFailure.naming(input) {
          try CacheKind.allCases.map { try cache.rows($0, group: group, Array(rows[groups[group]])) }
        }
      },
      consume: { group, tensors in
        for (place, layer) in groups[group].enumerated() {
          try writer.write(layer: layer, key: tensors[0][place], value: tensors[1][place], queries: nil)
          progress(layer + 1, count)
        }
      })
    try writer.commit()
    return Report(description: description, losses: [])
  }

  /// Writes some rows of the cache in another format.
  private func write(_ cache: RowRangeCache, _ writing: CacheWriting, _ progress: (Int, Int) -> Void) throws -> Report {
    let count = cache.description.geometry.layers.count
    let retyped = elementType.map { RetypedCache(cache, type: $0) }
    var done = 0
    let dropped = try writing.write(retyped ?? cache, keyConvention: nil, to: output) { _ in
      done += 1
      progress(done, count)
    }
    return Report(description: cache.description, losses: ((retyped?.losses ?? []) + dropped).map(LossSummary.init))
  }

  private var isPart: Bool { firstPosition != nil || lastPosition != nil }

  /// The positions to restore.
  private func wantedPositions(of description: CacheDescription) throws -> Range<Int> {
    let filled = description.geometry.layers.filter { $0.tokens > 0 }
    let held = (filled.map(\.firstPosition).min() ?? 0)..<(filled.map(\.endPosition).max() ?? 0)
    guard isPart else { return held }
    let (first, last) = (firstPosition ?? held.lowerBound, lastPosition ?? held.upperBound - 1)
    guard first >= held.lowerBound, first <= last, last < held.upperBound else {
      throw OutOfRange(first: first, last: last, held: held)
    }
    return first..<last + 1
  }

  /// The description of those rows; a layer without any begins where the positions end.
  private static func part(of full: CacheDescription, rows: [Range<Int>], positions: Range<Int>) -> CacheDescription {
    var part = full
    for (layer, rows) in rows.enumerated() {
      part.geometry.layers[layer].tokens = rows.count
      part.geometry.layers[layer].firstPosition =
        rows.isEmpty ? positions.upperBound : full.geometry.layers[layer].firstPosition + rows.lowerBound
    }
    part.tokens = full.tokens.flatMap { tokens in
      let first = full.geometry.firstPosition(ofTokens: tokens.count)
      guard first <= positions.lowerBound else { return nil }
      return Array(tokens[positions.lowerBound - first..<positions.upperBound - first])
    }
    return part
  }
}
