import FileIO

/// Walks a state file once under one assumption about its layout.
struct LlamaStateParser {
  let container: LlamaStateFormat.Container
  let version: UInt32
  let cellExtensionBytes: Int
  private(set) var tokens: [Int32] = []
  private(set) var architecture: String?
  private(set) var blobs: [LlamaStateBlob] = []

  private let path: String
  private let fileBytes: Int
  private var cursor: FileCursor

  /// Reads the magic and version; a layout is then tried with `parse`.
  init(file: FileReader, cellExtensionBytes: Int) throws {
    let path = file.path
    let fileBytes = file.byteCount
    self.path = path
    self.fileBytes = fileBytes
    self.cellExtensionBytes = cellExtensionBytes
    cursor = FileCursor(file: file) { what, offset, wanted in
      LlamaStateError.truncated(path: path, what: what, offset: offset, wanted: wanted, fileBytes: fileBytes)
    }
    guard fileBytes >= 4 else { throw LlamaStateError.notStateFile(path: path) }
    let magic: UInt32 = try cursor.integer("magic")
    guard let container = [LlamaStateFormat.Container.sequence, .session].first(where: { $0.magic == magic }) else {
      throw LlamaStateError.notStateFile(path: path)
    }
    self.container = container
    version = try cursor.integer("version")
    guard container.versions.contains(version) else {
      throw LlamaStateError.unsupportedVersion(path: path, container: container.name, found: version)
    }
  }

  mutating func parse() throws {
    let tokenCount: UInt32 = try cursor.integer("token count")
    let bytes = try cursor.bytes(UInt64(tokenCount) * 4, "tokens")
    tokens = bytes.withUnsafeBytes { raw in
      (0..<Int(tokenCount)).map {
        Int32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self))
      }
    }
    if container == .session {
      let length: UInt32 = try cursor.integer("architecture")
      architecture = String(decoding: try cursor.bytes(UInt64(length), "architecture"), as: UTF8.self)
    }
    repeat { blobs.append(try parseBlob()) } while cursor.remaining > 0 && blobs.count < 2
    guard cursor.remaining == 0 else {
      throw LlamaStateError.trailingBytes(path: path, offset: cursor.offset, fileBytes: fileBytes)
    }
  }

  private mutating func parseBlob() throws -> LlamaStateBlob {
    let streams: UInt32 = try cursor.integer("stream count")
    guard streams == 1 else { throw LlamaStateError.severalSequences(path: path) }
    let cellCount: UInt32 = try cursor.integer("cell count")
    guard cellCount > 0 else {
      return LlamaStateBlob(positions: [], keys: [], values: [], keyRotation: 0, valueRotation: 0)
    }
    let positions = try parseCells(cellCount)
    let transposedOffset = cursor.offset
    let transposed: UInt32 = try cursor.integer("v_trans")
    guard transposed <= 1 else { throw invalid("v_trans", transposedOffset, UInt64(transposed)) }
    let layerCount: UInt32 = try cursor.integer("layer count")
    _ = try cursor.check(UInt64(layerCount), unit: 12, "layers")
    var rotations: (key: UInt32, value: UInt32) = (0, 0)
    if version >= container.firstVersionWithRotation {
      rotations = (try cursor.integer("n_rot_k"), try cursor.integer("n_rot_v"))
    }
    let keys = try (0..<layerCount).map { _ in try parseRows(cellCount, "keys") }
    let values = try (0..<layerCount).map { _ in
      transposed == 1 ? try parseChannels(cellCount) : try parseRows(cellCount, "values")
    }
    return LlamaStateBlob(
      positions: positions, keys: keys, values: values, keyRotation: Int(rotations.key),
      valueRotation: Int(rotations.value))
  }

  /// Cells of exactly one sequence, none of them twice at a position.
  private mutating func parseCells(_ count: UInt32) throws -> [Int32] {
    _ = try cursor.check(UInt64(count), unit: UInt64(12 + cellExtensionBytes), "cells")
    var positions: [Int32] = []
    positions.reserveCapacity(Int(count))
    var sequence: Int32?
    for _ in 0..<count {
      let offset = cursor.offset
      let position: Int32 = try cursor.integer("cell position")
      guard position >= 0 else { throw invalid("cell position", offset, UInt64(UInt32(bitPattern: position))) }
      let sequenceCount: UInt32 = try cursor.integer("cell sequences")
      guard sequenceCount == 1 else {
        if sequenceCount > 1 && sequenceCount <= 1 << 16 { throw LlamaStateError.severalSequences(path: path) }
        throw invalid("cell sequences", offset + 4, UInt64(sequenceCount))
      }
      try cursor.skip(UInt64(cellExtensionBytes), "cell extension")
      let id: Int32 = try cursor.integer("sequence id")
      guard sequence == nil || sequence == id else { throw LlamaStateError.severalSequences(path: path) }
      sequence = id
      positions.append(position)
    }
    return positions
  }

  /// A tensor that lies cell by cell.
  private mutating func parseRows(_ cells: UInt32, _ what: String) throws -> LlamaStateBlob.Tensor {
    let typeCode: Int32 = try cursor.integer("type of \(what)")
    let rowBytes: UInt64 = try cursor.integer("row size of \(what)")
    let offset = cursor.offset
    try cursor.skip(UInt64(try cursor.check(UInt64(cells), unit: rowBytes, what)), what)
    return LlamaStateBlob.Tensor(typeCode: typeCode, rowBytes: Int(rowBytes), offset: offset, isTransposed: false)
  }

  /// Values that lie channel by channel.
  private mutating func parseChannels(_ cells: UInt32) throws -> LlamaStateBlob.Tensor {
    let typeCode: Int32 = try cursor.integer("type of values")
    let elementBytes: UInt32 = try cursor.integer("element size of values")
    let channels: UInt32 = try cursor.integer("channels of values")
    let offset = cursor.offset
    let rowBytes = UInt64(elementBytes) * UInt64(channels)
    try cursor.skip(UInt64(try cursor.check(UInt64(cells), unit: rowBytes, "values")), "values")
    return LlamaStateBlob.Tensor(typeCode: typeCode, rowBytes: Int(rowBytes), offset: offset, isTransposed: true)
  }

  private func invalid(_ what: String, _ offset: Int, _ found: UInt64) -> LlamaStateError {
    .invalidField(path: path, what: what, offset: offset, found: found)
  }
}
