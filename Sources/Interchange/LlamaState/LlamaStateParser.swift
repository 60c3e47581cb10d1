import FileIO

/// Walks a state file once under one assumption about its layout.
struct LlamaStateParser {
  private(set) var format: LlamaStateFormat
  private(set) var tokens: [Int32] = []
  private(set) var architecture: String?
  private(set) var memories: [[LlamaStateStream]] = []
  /// Bytes after the state, which llama.cpp does not look at; 0 unless `allowsTrailing`.
  private(set) var trailingBytes = 0
  /// Whether bytes may follow the state.
  var allowsTrailing = false

  private let path: String
  private let fileBytes: Int
  private var cursor: FileCursor

  /// The container and version that the file's first bytes name.
  ///
  /// - Throws: `LlamaStateError.notStateFile`, `.unsupportedVersion`.
  static func head(of file: FileReader) throws -> (LlamaStateFormat.Container, UInt32) {
    guard file.byteCount >= 4 else { throw LlamaStateError.notStateFile(path: file.path) }
    var cursor = cursor(file)
    let magic: UInt32 = try cursor.integer("magic")
    guard let container = [LlamaStateFormat.Container.sequence, .session].first(where: { $0.magic == magic }) else {
      throw LlamaStateError.notStateFile(path: file.path)
    }
    let version: UInt32 = try cursor.integer("version")
    guard container.versions.contains(version) else {
      throw LlamaStateError.unsupportedVersion(path: file.path, container: container.name, found: version)
    }
    return (container, version)
  }

  private static func cursor(_ file: FileReader) -> FileCursor {
    let (path, fileBytes) = (file.path, file.byteCount)
    return FileCursor(file: file) { what, offset, wanted in
      LlamaStateError.truncated(path: path, what: what, offset: offset, wanted: wanted, fileBytes: fileBytes)
    }
  }

  /// `format` is the layout to try; its number of blobs is found out.
  init(file: FileReader, format: LlamaStateFormat) {
    self.format = format
    path = file.path
    fileBytes = file.byteCount
    cursor = Self.cursor(file)
  }

  mutating func parse() throws {
    switch format.wrapping {
    case .file:
      try cursor.skip(8, "magic and version")
      let tokenCount: UInt32 = try cursor.integer("token count")
      tokens = try cursor.bytes(UInt64(tokenCount) * 4, "tokens").littleEndian(as: UInt32.self)
        .map(Int32.init(bitPattern:))
    case .buffer: break
    case .markedBuffer: try cursor.skip(8, "magic and sequence")
    }
    if format.container == .session {
      let lengthOffset = cursor.offset
      let length: UInt32 = try cursor.integer("architecture")
      guard format.wrapping == .file || 1...64 ~= length else {
        throw invalid("length of the architecture", lengthOffset, UInt64(length))
      }
      architecture = String(decoding: try cursor.bytes(UInt64(length), "architecture"), as: UTF8.self)
    }
    if format.hasOutputs { try skipOutputs() }
    memories.append(try parseMemory())
    // Without a stream count, an empty second memory would be four zeros, which anything may end with.
    if cursor.remaining > (format.hasStreamCount ? 0 : 4) {
      let end = cursor
      do {
        memories.append(try parseMemory())
      } catch  where allowsTrailing && format.hasStreamCount {
        cursor = end
        // What begins as a second memory is one that is cut short.
        guard try !beginsMemory() else { throw error }
      }
    }
    trailingBytes = cursor.remaining
    guard cursor.remaining == 0 || allowsTrailing && format.hasStreamCount else {
      throw LlamaStateError.trailingBytes(path: path, offset: cursor.offset, fileBytes: fileBytes)
    }
    // A memory may be without layers, but not all that hold cells: so many zeros are another layout's.
    let filled = memories.joined().filter { !$0.positions.isEmpty }
    guard filled.isEmpty || filled.contains(where: { !$0.keys.isEmpty }) else {
      throw invalid("layer count", fileBytes, 0)
    }
    format.blobCount = memories.count
  }

  /// Whether what follows could be the start of a memory: fewer bytes than say, or a count of streams and one of cells
  /// that are of the size of the memory before.
  private func beginsMemory() throws -> Bool {
    var next = cursor
    guard next.remaining >= 8 else { return true }
    let streams: UInt32 = try next.integer("stream count")
    let cells: UInt32 = try next.integer("cell count")
    let most = memories[0].map(\.positions.count).max() ?? 0
    return 1...256 ~= streams && Int(cells) <= 2 * most + 4096
  }

  /// Which tokens had outputs, their logits, their embeddings: counts of 4-byte numbers, and the numbers.
  private mutating func skipOutputs() throws {
    let outputs: UInt32 = try cursor.integer("output count")
    try cursor.skip(UInt64(try cursor.check(UInt64(outputs), unit: 4, "outputs")), "outputs")
    for what in ["logits", "embeddings"] {
      let count: UInt64 = try cursor.integer("count of \(what)")
      try cursor.skip(UInt64(try cursor.check(count, unit: 4, what)), what)
    }
  }

  private mutating func parseMemory() throws -> [LlamaStateStream] {
    guard format.hasStreamCount else { return [try parseStream()] }
    let offset = cursor.offset
    let streams: UInt32 = try cursor.integer("stream count")
    guard streams > 0 else { throw invalid("stream count", offset, 0) }
    _ = try cursor.check(UInt64(streams), unit: 4, "streams")
    return try (0..<streams).map { _ in try parseStream() }
  }

  private mutating func parseStream() throws -> LlamaStateStream {
    let cellCount: UInt32 = try cursor.integer("cell count")
    var stream = LlamaStateStream(positions: [], sequenceIDs: [], sequenceEnds: [], keys: [], values: [])
    guard cellCount > 0 else { return stream }
    try parseCells(cellCount, into: &stream)
    let transposedOffset = cursor.offset
    let transposed: UInt32 = try cursor.integer("v_trans")
    guard transposed <= 1 else { throw invalid("v_trans", transposedOffset, UInt64(transposed)) }
    let layerCount: UInt32 = try cursor.integer("layer count")
    _ = try cursor.check(UInt64(layerCount), unit: 12, "layers")
    if format.hasRotationFields {
      stream.rotation = LlamaCellRotation(key: try parseRotation("n_rot_k"), value: try parseRotation("n_rot_v"))
    }
    stream.keys = try (0..<layerCount).map { _ in try parseRows(cellCount, "keys") }
    stream.values = try (0..<layerCount).map { _ in
      transposed == 1 ? try parseChannels(cellCount) : try parseRows(cellCount, "values")
    }
    return stream
  }

  private mutating func parseRotation(_ what: String) throws -> Int {
    let offset = cursor.offset
    let size: UInt32 = try cursor.integer(what)
    guard size & (size &- 1) == 0, size <= 1 << 16 else { throw invalid(what, offset, UInt64(size)) }
    return Int(size)
  }

  private mutating func parseCells(_ count: UInt32, into stream: inout LlamaStateStream) throws {
    _ = try cursor.check(UInt64(count), unit: UInt64(8 + format.cellExtensionBytes), "cells")
    stream.positions.reserveCapacity(Int(count))
    for _ in 0..<count {
      let offset = cursor.offset
      let position: Int32 = try cursor.integer("cell position")
      guard position >= 0 else { throw invalid("cell position", offset, UInt64(UInt32(bitPattern: position))) }
      let sequenceCount: UInt32 = try cursor.integer("cell sequences")
      try cursor.skip(UInt64(format.cellExtensionBytes), "cell extension")
      if sequenceCount == 0 {
        guard format.allowsUnnamedSequence else { throw invalid("cell sequences", offset + 4, 0) }
        stream.sequenceIDs.append(0)
      } else {
        _ = try cursor.check(UInt64(sequenceCount), unit: 4, "cell sequences")
        for _ in 0..<sequenceCount { stream.sequenceIDs.append(try cursor.integer("sequence id")) }
      }
      stream.positions.append(position)
      stream.sequenceEnds.append(stream.sequenceIDs.count)
    }
  }

  /// A tensor that lies cell by cell.
  private mutating func parseRows(_ cells: UInt32, _ what: String) throws -> LlamaStateStream.Tensor {
    let typeCode: Int32 = try cursor.integer("type of \(what)")
    let rowBytes: UInt64 = try cursor.integer("row size of \(what)")
    let offset = cursor.offset
    try cursor.skip(UInt64(try cursor.check(UInt64(cells), unit: rowBytes, what)), what)
    return LlamaStateStream.Tensor(typeCode: typeCode, rowBytes: Int(rowBytes), offset: offset, isTransposed: false)
  }

  /// Values that lie channel by channel.
  private mutating func parseChannels(_ cells: UInt32) throws -> LlamaStateStream.Tensor {
    let typeCode: Int32 = try cursor.integer("type of values")
    let sizeOffset = cursor.offset
    let elementBytes: UInt32 = try cursor.integer("element size of values")
    if let type = LlamaCellType(rawValue: typeCode), Int(elementBytes) != type.blockBytes {
      throw invalid("element size of values", sizeOffset, UInt64(elementBytes))
    }
    let channels: UInt32 = try cursor.integer("channels of values")
    let offset = cursor.offset
    let rowBytes = UInt64(elementBytes) * UInt64(channels)
    try cursor.skip(UInt64(try cursor.check(UInt64(cells), unit: rowBytes, "values")), "values")
    return LlamaStateStream.Tensor(typeCode: typeCode, rowBytes: Int(rowBytes), offset: offset, isTransposed: true)
  }

  private func invalid(_ what: String, _ offset: Int, _ found: UInt64) -> LlamaStateError {
    .invalidField(path: path, what: what, offset: offset, found: found)
  }
}
