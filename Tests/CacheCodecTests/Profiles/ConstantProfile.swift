import FKVFormat
import KVCacheModel

@testable import CacheCodec

/// The smallest profile there is, as the recipe of docs/contributing.md makes one: every token has the features of the
/// first. It stands for a profile that somebody adds, and uses nothing that such a one could not.
extension Profile {
  static let constant = Profile(rawValue: 900, name: "constant")
}

extension ProfileTable.Entry {
  static let constant = Self(.constant) { ConstantReader(file: $0) }
}

struct ConstantWriter: LayerWriter {
  var profile: Profile { .constant }
  var settings: [String] { ["rows=1"] }

  func section(_ kind: CacheKind) -> SectionKind { .lossless(kind) }

  func encode(
    _ tensor: CacheTensor, _ kind: CacheKind, layer: Int, of layers: Int
  ) throws -> (payload: [UInt8], restored: CacheTensor?) {
    let row = tensor.rows(0..<1)
    return (row.bytes, ConstantReader.repeated(row, tensor.tokens))
  }
}

struct ConstantReader: ProfileReader {
  let file: ProfileFile

  var layerGroups: [Range<Int>] { file.description.geometry.layers.indices.map { $0..<$0 + 1 } }

  static func repeated(_ row: CacheTensor, _ count: Int) -> CacheTensor {
    (1..<count).reduce(row) { tensor, _ in tensor.followed(by: row) }
  }

  func tensors(_ kind: CacheKind, group layer: Int, rows: Range<Int>?) throws -> [CacheTensor] {
    let shape = file.description.geometry.layers[layer]
    guard let entry = file.reader.section(.lossless(kind), layer: layer) else {
      throw CodecError.missingSection(layer: layer, kind: kind)
    }
    try cost(kind, group: layer).check("constant", within: file.allowance(storedBytes: entry.fileBytes))
    let row = CacheTensor(
      kvHeads: shape.kvHeads, tokens: 1, headDim: shape.headDim, elementType: file.description.elementType(of: kind),
      bytes: try file.reader.payload(of: entry))
    return [Self.repeated(row, shape.tokens)]
  }

  func salvage(_ kind: CacheKind, group layer: Int) throws -> (tensors: [CacheTensor], losses: [SalvageLoss]) {
    try file.salvaging(kind, layer: layer) { (try tensors(kind, group: layer, rows: nil), []) }
  }

  func cost(_ kind: CacheKind, group layer: Int) -> DecodingCost {
    .memory(file.description.geometry.layers[layer].elementCount * file.description.elementType(of: kind).byteCount)
  }

  func middle(_ kind: CacheKind, group layer: Int) -> Range<Int> { 1..<file.description.geometry.layers[layer].tokens }

  func summary(_ kind: CacheKind, group layer: Int) throws -> TensorSummary {
    let entry = file.reader.section(.lossless(kind), layer: layer)!
    return TensorSummary(
      fileBytes: entry.fileBytes, parts: [.init(name: "first token", bytes: entry.storedBytes)], exactFeatures: 0,
      states: 0)
  }

  func extended(
    _ kind: CacheKind, group layer: Int, by tensors: [CacheTensor], to longer: CacheDescription
  ) throws -> ExtendedSections {
    ExtendedSections(copied: file.reader.sections(.lossless(kind), layer: layer))
  }
}
