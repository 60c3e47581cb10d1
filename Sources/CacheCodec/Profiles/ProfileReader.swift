import FKVFormat
import KVCacheModel

/// What a profile's reader works on: an opened file, what its header says, and what decoding may take.
package struct ProfileFile: Sendable {
  package var reader: FKVReader
  package var header: CacheHeader
  package var limits: DecodingLimits
  /// The basis file that the header names, if it was given.
  package var basis: ModelBasis?
  /// Whether sections may be missing: a file is opened to salvage what is left of it.
  package var isSalvaging: Bool

  package var description: CacheDescription { header.description }

  /// What the keys or values of one layer may take, for which the file stores `storedBytes`.
  func allowance(storedBytes: Int) -> DecodingCost {
    limits.allowance(storedBytes: storedBytes, groups: description.geometry.layers.count)
  }

  /// Keys or values of a layer in errors.
  func place(_ kind: CacheKind, _ layer: Int) -> String { "layer \(layer) \(kind.name)s" }

  /// A tensor of a layer, every element 0.
  package func zeros(_ kind: CacheKind, layer: Int) -> CacheTensor {
    let (shape, type) = (description.geometry.layers[layer], description.elementType(of: kind))
    return CacheTensor(
      kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim, elementType: type,
      bytes: [UInt8](repeating: 0, count: shape.elementCount * type.byteCount))
  }
}

/// How one profile reads a file: keys and values of any group of layers, without the rest. Safe to use from several
/// threads at once.
///
/// Every call checks what it reads and what decoding takes, before it allocates or computes, and throws `FormatError` for
/// damaged sections, `CodecError` or `CodingError` for what cannot be understood or is beyond the limits. `group` counts
/// `layerGroups`.
package protocol ProfileReader: Sendable {
  /// The layers that keys and values are coded together for.
  var layerGroups: [Range<Int>] { get }

  /// Keys or values of a group's layers, (H, T, D) each; with `rows`, those of others may be 0 where nothing that holds
  /// them had to be read.
  func tensors(_ kind: CacheKind, group: Int, rows: Range<Int>?) throws -> [CacheTensor]

  /// The same as far as sections are whole, and what is lost. Lost rows are 0.
  ///
  /// - Throws: what is no damage: `CodecError.basisNeeded`, `.memoryLimit`, `.workLimit`.
  func salvage(_ kind: CacheKind, group: Int) throws -> (tensors: [CacheTensor], losses: [SalvageLoss])

  /// Memory and work of decoding a group, as far as its heads tell.
  func cost(_ kind: CacheKind, group: Int) throws -> DecodingCost

  /// The rows of a group's layers that are coded coarsest; all where nothing is coded.
  func middle(_ kind: CacheKind, group: Int) throws -> Range<Int>

  /// Where the bytes of keys or values of a group went.
  func summary(_ kind: CacheKind, group: Int) throws -> TensorSummary

  /// Throws `CacheExtensionError` if no file like this one can take more tokens.
  func checkExtensible() throws

  /// The sections of a group in a file that is longer by the rows of `tensors`, one tensor a layer.
  ///
  /// - Parameter longer: what the longer file's header will say.
  /// - Throws: `CacheExtensionError` if these rows cannot be added.
  func extended(
    _ kind: CacheKind, group: Int, by tensors: [CacheTensor], to longer: CacheDescription
  ) throws -> ExtendedSections
}

extension ProfileReader {
  package func checkExtensible() {}
}

/// Keys or values of a group in a longer file: sections that stay as they are, then new ones.
package struct ExtendedSections: Sendable {
  /// A section that the longer file has and the shorter one has not.
  package struct New: Sendable {
    package var kind: SectionKind
    package var index = 0
    package var tokens: Range<Int>
    package var rawBytes: Int
    package var payload: [UInt8]
  }

  package var copied: [SectionEntry] = []
  package var added: [New] = []
  /// Whether coefficients were rounded to half precision once more.
  package var roundsCoefficients = false

  package init(copied: [SectionEntry] = [], added: [New] = [], roundsCoefficients: Bool = false) {
    self.copied = copied
    self.added = added
    self.roundsCoefficients = roundsCoefficients
  }
}
