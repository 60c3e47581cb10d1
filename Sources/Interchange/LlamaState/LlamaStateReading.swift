import FileIO
import KVCacheModel

/// A llama.cpp state file as a foreign cache.
///
/// The file says neither heads nor head dimension (only their product), nor which layers slide, nor anything of the
/// model but, in session files, its architecture.
struct LlamaStateReading: ForeignCache {
  let facts: ForeignFacts
  private let cache: LlamaStateCache

  /// - Throws: `LlamaStateError`, `MissingFacts`, `FactConflict`, `FileError`.
  init(path: String, container: LlamaStateFormat.Container, format: String, supplied: SuppliedFacts) throws {
    let state = try Self.state(path, container)
    let shape = try LlamaStateShape(state: state, supplied: supplied)
    let description = CacheDescription(
      model: ModelIdentity(name: "", architecture: "", fingerprint: ""),
      geometry: CacheGeometry(layers: shape.layers), ropes: [.none], tokens: nil, keyType: shape.keys.elementType,
      valueType: shape.values.elementType, attentionScale: 1)
    cache = try LlamaStateCache(
      state: state, description: description, sequence: supplied.sequence,
      isRotated: supplied.cellsAreRotated ?? false)
    var facts = ForeignFacts(
      path: path, format: format,
      layers: shape.layers.map {
        ForeignFacts.Layer(
          kvHeads: $0.kvHeads, headDim: $0.headDim, tokens: $0.tokens, firstPosition: $0.firstPosition)
      }, keyType: shape.keys.elementType, valueType: shape.values.elementType, keyConvention: .llamaCpp)
    facts.isQuantised = shape.keys.isLossy || shape.values.isLossy
    facts.model.architecture = state.architecture ?? ""
    facts.provenance = [
      "source.format": format, "source.version": String(state.format.version),
      "source.key_type": shape.keys.label, "source.value_type": shape.values.label,
    ]
    if state.format.wrapping != .file {
      facts.provenance["source.version"] = "buffer, laid out as in version \(state.format.version)"
    }
    facts.losses = shape.losses
    if state.format.hasOutputs {
      facts.losses.append(ConversionLoss(.dropped, "the session's last logits and embeddings are left out"))
    }
    if state.trailingBytes > 0 {
      facts.losses.append(
        ConversionLoss(.dropped, "the \(state.trailingBytes) bytes after the state are passed over, as llama.cpp does"))
    }
    (facts.tokens, facts.losses) = try Self.tokens(state, shape, facts.losses)
    let end = CacheGeometry(layers: shape.layers).endPosition
    if container == .session, facts.tokens != nil, state.tokens.count > end {
      let next = LlamaNextToken.provenance(state.tokens[end], at: end)
      facts.provenance[next.key] = next.value
    }
    self.facts = facts
  }

  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor { try cache.tensor(kind, layer: layer) }

  /// A file of a container, or a buffer without its magic and version.
  private static func state(_ path: String, _ container: LlamaStateFormat.Container) throws -> LlamaStateFile {
    let file = try FileReader(path: path)
    let head = try file.read(at: 0, count: min(4, file.byteCount)).littleEndian(as: UInt32.self).first
    let isFile = [LlamaStateFormat.Container.sequence, .session].contains { $0.magic == head }
    guard isFile else {
      do {
        return try LlamaStateFile(buffer: file, container: container)
      } catch let error as LlamaStateError {
        guard (try? LlamaStateFile(buffer: file, container: container.other)) != nil else { throw error }
        throw other(than: container, path, "buffer")
      }
    }
    guard head == container.magic else { throw other(than: container, path, "file") }
    return try LlamaStateFile(file: file)
  }

  /// The error that names the format which reads what lies at `path`.
  private static func other(
    than container: LlamaStateFormat.Container, _ path: String, _ kind: String
  ) -> LlamaStateError {
    .otherContainer(path: path, found: "\(container.other.name) \(kind)", name: container.other.formatName)
  }

  /// The sequence's tokens up to the last cached one; nil with a loss where the header's list is none of that.
  private static func tokens(_ state: LlamaStateFile, _ shape: LlamaStateShape, _ losses: [ConversionLoss]) throws -> (
    [Int32]?, [ConversionLoss]
  ) {
    guard let payload = LlamaTokenPayload(state.tokens) else {
      throw LlamaStateError.invalidTokens(path: state.file.path)
    }
    var losses = losses
    if case .packed(_, let mediaItems) = payload, mediaItems > 0 {
      losses.append(ConversionLoss(.dropped, "the slot's images and sounds are left out", count: mediaItems))
    }
    if payload.tokens.isEmpty { return (nil, losses) }
    let geometry = CacheGeometry(layers: shape.layers)
    guard payload.tokens.count >= geometry.endPosition, state.sequences.count == 1 else {
      losses.append(
        ConversionLoss(
          .dropped,
          state.sequences.count == 1
            ? "the file's token ids are left out: \(payload.tokens.count) ids for \(geometry.endPosition) positions"
            : "the file's token ids are left out: it does not say whose of its sequences they are"))
      return (nil, losses)
    }
    return (Array(payload.tokens.prefix(geometry.endPosition)), losses)
  }
}
