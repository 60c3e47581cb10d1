import FKVFormat
import KVCacheModel

/// Rows of some layers that a damaged section took with it.
public struct SalvageLoss: Sendable, CustomStringConvertible {
  /// Keys or values; nil for the token ids.
  public var kind: CacheKind?
  /// The layers that the section is about.
  public var layers: Range<Int>
  /// The rows of each of these layers that are lost.
  public var rows: Range<Int>
  /// What is wrong with the section.
  public var error: any Error

  public init(kind: CacheKind?, layers: Range<Int>, rows: Range<Int>, error: any Error) {
    self.kind = kind
    self.layers = layers
    self.rows = rows
    self.error = error
  }

  /// One line: what is lost, and why.
  public var description: String {
    guard let kind else { return "token ids: \(error)" }
    let place =
      layers.count == 1 ? "layer \(layers.lowerBound)" : "layers \(layers.lowerBound) to \(layers.upperBound - 1)"
    return "\(kind.name)s of \(place), rows \(rows.lowerBound) to \(rows.upperBound - 1): \(error)"
  }
}

extension FKVCache {
  /// Keys or values of a group of layers as far as their sections are whole, and what is lost. Lost rows are 0; all others
  /// are those that `tensor(_:layer:)` gives of the undamaged file, bit for bit.
  ///
  /// - Throws: what no other section can make good: `CodecError.basisNeeded`, and sections that are whole but missing.
  public func salvage(
    _ kind: CacheKind, group: Int
  ) throws -> (tensors: [CacheTensor], losses: [SalvageLoss]) {
    let layers = layerGroups[group]
    let shape = description.geometry.layers[layers.lowerBound]
    if let spectral { return try spectral.salvage(kind, group: group) }
    if header.profile == .lossless, shape.elementCount > 0 {
      return try losslessLayer(kind, layer: layers.lowerBound).salvage(reader, kind: kind, layer: layers.lowerBound)
    }
    do { return ([try tensor(kind, layer: layers.lowerBound)], []) } catch {
      let size = shape.elementCount * description.elementType(of: kind).byteCount
      let zeros = CacheTensor(
        kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim,
        elementType: description.elementType(of: kind), bytes: [UInt8](repeating: 0, count: size))
      return ([zeros], [SalvageLoss(kind: kind, layers: layers, rows: 0..<shape.tokens, error: error)])
    }
  }
}

extension LosslessLayer {
  /// The layer's tensor without the rows of damaged sections.
  func salvage(
    _ reader: FKVReader, kind: CacheKind, layer: Int
  ) throws -> (tensors: [CacheTensor], losses: [SalvageLoss]) {
    var tensor = try tensor(reader, rows: 0..<0)
    var losses: [SalvageLoss] = []
    for (entry, rows) in parts {
      do { try LosslessSection.decode(reader.payload(of: entry), rows: rows, into: &tensor) } catch {
        losses.append(SalvageLoss(kind: kind, layers: layer..<layer + 1, rows: rows, error: error))
      }
    }
    return ([tensor], losses)
  }
}

extension SpectralDecoder {
  /// The group's tensors without the rows of damaged segments; without any row if the frame is damaged.
  func salvage(_ kind: CacheKind, group index: Int) throws -> (tensors: [CacheTensor], losses: [SalvageLoss]) {
    let group = groups[index]
    let all = 0..<group.shape.tokens
    var losses: [SalvageLoss] = []
    func lose(_ rows: Range<Int>, _ error: any Error) {
      losses.append(SalvageLoss(kind: kind, layers: group.layers, rows: rows, error: error))
    }
    guard !all.isEmpty else { return (try tensors(kind, group: index), []) }
    let opened: OpenedGroup
    do { opened = try open(kind, group: index) } catch {
      if case CodecError.basisNeeded? = error as? CodecError { throw error }
      lose(all, error)
      return (zeros(kind, group: index), losses)
    }
    var tensors = zeros(kind, group: index)
    for entry in opened.segments {
      do { try restore(entry, of: opened, kind, into: &tensors) } catch { lose(entry.tokens, error) }
    }
    SpectralGroupCoder.restoreExactRows(opened.frame, into: &tensors)
    return (tensors, losses)
  }
}
