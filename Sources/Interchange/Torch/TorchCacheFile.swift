import FileIO
import KVCacheModel

/// A cache that `torch.save` wrote: a ZIP archive of a pickle and raw storages, read without running any of it
/// (formats/transformers.md).
public struct TorchCacheFile: ForeignCache {
  public let facts: ForeignFacts
  private let pairs: [StoredPair]

  /// Opens such a file and checks the archive, the pickle and every tensor's place; numbers are read on demand.
  ///
  /// - Throws: `ForeignError`, which names the class or function of a pickle that does more than put tensors together;
  ///   `FileError`.
  public init(path: String) throws {
    let start = try FileReader(path: path)
    if try start.read(at: 0, count: min(start.byteCount, Self.oldMagic.count)) == Self.oldMagic {
      throw ForeignError.unsupported(
        path: path, what: "the container", found: "torch's before version 1.6, a row of pickles")
    }
    let archive = try ZIPDirectory(path: path)
    let pickles = archive.entries.filter { $0.name.hasSuffix("/data.pkl") }
    guard pickles.count == 1, let entry = pickles.first else {
      throw ForeignError.notThisFormat(path: path, format: "a torch archive", reason: "it has no data.pkl")
    }
    let root = String(entry.name.dropLast("data.pkl".count))
    if archive.has(root + "byteorder") {
      let order = try archive.entry(root + "byteorder")
      let text = try archive.read(order, 0..<min(16, order.range.count))
      guard text == Array("little".utf8) else {
        throw ForeignError.unsupported(
          path: path, what: "the byte order", found: String(decoding: text, as: UTF8.self))
      }
    }
    guard entry.range.count <= PickleReader.limit else {
      throw ForeignError.unsupported(path: path, what: "the length of data.pkl", found: "\(entry.range.count) bytes")
    }
    let pickle = try PickleReader.read(archive.read(entry, 0..<entry.range.count), path: path)
    let found = try TorchCacheLayers(pickle, path: path)
    guard !found.layers.isEmpty else { throw ForeignError.missing(path: path, what: "layer in the cache") }
    pairs = try found.layers.map { layer in
      StoredPair(
        key: try Self.stored(layer.key, archive, root), value: try Self.stored(layer.value, archive, root),
        endPosition: layer.endPosition, slidingWindow: layer.slidingWindow)
    }
    var facts = try pairs.facts(path: path, format: TorchFormat.formatName)
    facts.provenance["source.format"] = "torch.save archive"
    if let tokens = found.tokens {
      try facts.take(
        SavedTokens(name: tokens.name, shape: tokens.tensor.view.shape, type: tokens.tensor.storage.type),
        read: { try Self.stored(tokens, archive, root).read() })
    }
    facts.losses += found.others.map { ConversionLoss(.dropped, "\($0) is not taken over") }
    self.facts = facts
  }

  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    try pairs.tensor(kind, layer: layer, facts: facts)
  }

  /// How files of `torch.save` began before it wrote archives: PROTO 2 and the magic number.
  static let oldMagic: [UInt8] = [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  /// A tensor whose storage is in the archive, whole.
  private static func stored(
    _ found: (name: String, tensor: TorchTensor), _ archive: ZIPDirectory, _ root: String
  ) throws -> StoredTensor {
    let (storage, view) = (found.tensor.storage, found.tensor.view)
    let entry = try archive.entry("\(root)data/\(storage.key)")
    let size = storage.type.byteCount
    guard entry.range.count == storage.count * size else {
      throw ForeignError.invalid(
        path: archive.path, what: "ZIP entry \"\(entry.name)\"", expected: "\(storage.count * size) bytes",
        found: "\(entry.range.count)")
    }
    return StoredTensor(
      name: found.name, shape: view.shape, typeName: storage.type.rawValue,
      type: ElementType(safetensorsName: storage.type.rawValue),
      read: {
        let span = view.span
        return view.gathered(
          try archive.read(entry, span.lowerBound * size..<span.upperBound * size), size: size)
      })
  }
}
