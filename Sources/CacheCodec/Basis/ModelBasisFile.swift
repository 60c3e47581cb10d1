import Coding
import FKVFormat
import FileIO
import KVCacheModel
import SpectralTransform

/// Basis files, `.fkvbasis`: feature bases of a model in the container of formats/fkv.md (§14).
public enum ModelBasisFile {
  /// n, the most features that a group may have: a basis is then n² numbers of 4 bytes in memory, 1 GiB.
  public static let mostFeatures = LayerGroup.mostFeatures

  /// What a basis file may claim: `ReadingLimits` with 4 GiB for all sections together.
  public static var limits: ReadingLimits { ReadingLimits(totalRawBytes: 4 << 30) }

  /// Writes a basis; the file appears whole or not at all. The bytes depend on nothing but the basis.
  ///
  /// - Returns: the basis with the file's hash and size.
  /// - Throws: `FileError` if the file cannot be written.
  public static func write(_ basis: ModelBasis, to path: String) throws -> ModelBasis {
    try write(basis, to: FileDestination(path: path))
  }

  /// The same at any destination.
  public static func write(_ basis: ModelBasis, to destination: any ByteDestination) throws -> ModelBasis {
    let writer = try FKVWriter(to: destination)
    for (index, group) in basis.groups.enumerated() {
      for kind in CacheKind.allCases {
        let section = BasisSection(group: group, part: basis.part(kind, group: index))
        try writer.add(
          .basis(kind), layer: group.firstLayer, flags: .required, rawBytes: section.rawBytes,
          payload: section.encoded)
      }
    }
    var written = basis
    written.fileBytes = try writer.commit(header: BasisHeader(basis).record)
    written.hash = text(ofHash: writer.fileHash)
    return written
  }

  /// Reads a basis file.
  ///
  /// - Throws: `FileError`, `FormatError`, `CodingError`; `CodecError.notBasisFile` for an `.fkv`, and `CodecError` for
  ///   contents that no basis has.
  public static func read(_ path: String, limits: ReadingLimits = Self.limits) throws -> ModelBasis {
    try read(FileReader(path: path), limits: limits)
  }

  /// Reads the bytes of a basis file; throws as the other `read`.
  public static func read(_ file: any ByteSource, limits: ReadingLimits = Self.limits) throws -> ModelBasis {
    let (reader, header) = try open(file, limits: limits)
    func parts(_ kind: CacheKind) throws -> [ModelBasis.Part] {
      try header.groups.map { group in
        guard let entry = reader.section(.basis(kind), layer: group.firstLayer) else {
          throw CodecError.missingSection(layer: group.firstLayer, kind: kind)
        }
        return try BasisSection(
          parsing: reader.payload(of: entry), entry: entry, group: group, place: "section \(entry.id)"
        ).part
      }
    }
    return ModelBasis(
      model: header.model, groups: header.groups, keys: try parts(.key), values: try parts(.value),
      calibration: header.calibration, hash: text(ofHash: reader.fileHash), fileBytes: reader.fileBytes)
  }

  /// The hash that an `.fkv` names a basis file by; reads no section.
  ///
  /// - Throws: as `read`.
  public static func hash(_ path: String) throws -> String {
    text(ofHash: try open(FileReader(path: path), limits: limits).reader.fileHash)
  }

  private static func open(
    _ file: any ByteSource, limits: ReadingLimits
  ) throws -> (reader: FKVReader, header: BasisHeader) {
    let reader = try FKVReader(file, limits: limits)
    return (reader, try BasisHeader(parsing: reader.header))
  }

  /// 16 hexadecimal digits.
  private static func text(ofHash hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
