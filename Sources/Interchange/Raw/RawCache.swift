import FileIO
import KVCacheModel

/// A file of numbers and nothing else, whose shape, type and order of axes the user says (formats/raw.md).
public struct RawCache: ForeignCache {
  /// The letters of axes: layer, key or value, head, token, dimension.
  static let letters = "LCHTD"

  public let facts: ForeignFacts
  private let reader: FileReader
  /// Length and stride, in elements, of each axis by letter.
  private let axes: [Character: (size: Int, stride: Int)]
  private let type: ElementType

  /// Opens a file that has just the bytes that `supplied` says.
  ///
  /// - Throws: `MissingFacts` without shape, type and axes; `ForeignError.invalid` if they do not fit each other or the
  ///   file; `FileError`.
  public init(path: String, supplied: SuppliedFacts) throws {
    guard let shape = supplied.shape, let type = supplied.elementType, let letters = supplied.axes else {
      let missing: [(CacheFact, Bool)] = [
        (.shape, supplied.shape == nil), (.elementType, supplied.elementType == nil), (.axes, supplied.axes == nil),
      ]
      throw MissingFacts(path: path, facts: missing.filter(\.1).map(\.0))
    }
    guard letters.count == shape.count, Set(letters).count == shape.count,
      letters.allSatisfy({ Self.letters.contains($0) }), Set("CHTD").isSubset(of: Set(letters))
    else {
      throw ForeignError.invalid(
        path: path, what: "--layout", expected: "the letters C, H, T and D, and L, once each for \(shape.count) axes",
        found: letters)
    }
    let reader = try FileReader(path: path)
    guard shape.allSatisfy({ $0 > 0 }), let count = SafetensorsDataType(type).byteCount(shape: shape),
      count == reader.byteCount
    else {
      throw ForeignError.invalid(
        path: path, what: "--shape",
        expected: "a product of \(reader.byteCount / type.byteCount) for \(reader.byteCount) bytes",
        found: shape.map(String.init).joined(separator: ","))
    }
    var axes: [Character: (size: Int, stride: Int)] = [:]
    var stride = 1
    for (letter, size) in zip(letters, shape).reversed() {
      axes[letter] = (size, stride)
      stride *= size
    }
    let layers = axes["L"]?.size ?? 1
    guard axes["C"]!.size == 2, layers <= CaptureLimit.dimension, axes["H"]!.size <= CaptureLimit.dimension,
      axes["D"]!.size <= CaptureLimit.dimension, axes["T"]!.size <= CaptureLimit.position
    else {
      throw ForeignError.invalid(
        path: path, what: "--shape", expected: "2 along C, and lengths that a cache can have",
        found: shape.map(String.init).joined(separator: ","))
    }
    let layer = ForeignFacts.Layer(
      kvHeads: axes["H"]!.size, headDim: axes["D"]!.size, tokens: axes["T"]!.size)
    var facts = ForeignFacts(
      path: path, format: RawFormat.formatName, layers: Array(repeating: layer, count: layers), keyType: type,
      valueType: type, keyConvention: nil)
    facts.provenance["source.format"] =
      "headerless, \(letters) of \(shape.map(String.init).joined(separator: "×")), \(type.safetensorsName)"
    self.facts = facts
    self.reader = reader
    self.axes = axes
    self.type = type
  }

  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    let (heads, tokens, dims) = (axes["H"]!, axes["T"]!, axes["D"]!)
    let offset = layer * (axes["L"]?.stride ?? 0) + (kind == .key ? 0 : axes["C"]!.stride)
    let view = StridedView(
      count: reader.byteCount / type.byteCount, offset: offset, shape: [heads.size, tokens.size, dims.size],
      strides: [heads.stride, tokens.stride, dims.stride])!
    let bytes = try reader.read(at: offset * type.byteCount, count: view.span.count * type.byteCount)
    return CacheTensor(
      kvHeads: heads.size, tokens: tokens.size, headDim: dims.size, elementType: type,
      bytes: view.gathered(bytes, size: type.byteCount))
  }
}
