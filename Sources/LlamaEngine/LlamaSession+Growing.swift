import Interchange
import KVCacheModel

/// For how many of the last appended tokens a session records queries.
struct QueryRecording {
  /// The most positions.
  var count: Int
  /// The first position that was appended since.
  var firstPosition: Int

  /// Whether a batch has one of the positions that count, with `tokensAfter` tokens to come after it.
  func isWanted(tokensAfter: Int) -> Bool { tokensAfter < count }
}

extension LlamaSession {
  /// Records the queries of tokens appended from now on, of the last `count` of them, for `capture(continuing:)`.
  ///
  /// It ends where the session is emptied, prefilled, or positions are taken out.
  public func recordQueries(last count: Int) {
    precondition(count >= 0)
    recording = count > 0 ? QueryRecording(count: count, firstPosition: tokenCount) : nil
    observer.recorder = recording.map { QueryRecorder(layers: layout.layers, count: $0.count) }
  }

  /// The session's cache after it went on from `beginning`, with the queries that were recorded since.
  ///
  /// Positions below `start` are those of `beginning`, bit for bit, turned to the session's rotary factors where
  /// `restore` turned them; those from `start` on are the engine's. A layer with a sliding window keeps all that
  /// `beginning` holds of it, also what no later query attends to, so that a file made of `beginning` can be extended.
  /// `beginning` is read again as the result is.
  ///
  /// - Parameters:
  ///   - beginning: what was restored into the session.
  ///   - start: the first position that was computed in the session.
  /// - Throws: as `capture(scratchFolder:)` and `restore(_:scratchFolder:)` do.
  public func capture(
    continuing beginning: some CacheSource, from start: Int, scratchFolder: String
  ) throws -> GrownCache {
    precondition(start < tokenCount, "nothing was appended")
    let held = try fitting(beginning)
    var queries: [ProbeQueries] = []
    if let recording, let recorder = observer.recorder, recording.firstPosition < tokenCount {
      let first = max(recording.firstPosition, tokenCount - recording.count)
      guard let seen = recorder.probeQueries(first..<tokenCount) else {
        throw EngineError.unsupportedModel(
          architecture: model.identity.architecture, reason: "its queries could not be recorded")
      }
      queries = seen
    }
    var new = description(probeQueries: queries.first?.count ?? 0)
    new.tokens = nil
    for layer in new.geometry.layers.indices {
      new.geometry.layers[layer].firstPosition = start
      new.geometry.layers[layer].tokens = tokenCount - start
    }
    let added = try capture(new, queries: queries, scratchFolder: scratchFolder)
    return GrownCache(beginning: held, added: added, tokens: tokens)
  }
}

/// A cache and what an engine appended to it, as one cache.
public struct GrownCache: CacheSource {
  public let description: CacheDescription
  /// What was there before; it may hold positions that the engine computed anew.
  private let beginning: any CacheSource
  /// The appended positions, which begin at the same one in all layers.
  private let added: any CacheSource

  /// Takes two caches of one model that join.
  init(beginning: any CacheSource, added: any CacheSource, tokens: [Int32]?) {
    var description = added.description
    let held = beginning.description
    description.ropes = held.ropes
    for (index, layer) in held.geometry.layers.enumerated() {
      let end = description.geometry.layers[index].endPosition
      description.geometry.layers[index].firstPosition = layer.firstPosition
      description.geometry.layers[index].tokens = end - layer.firstPosition
      description.geometry.layers[index].ropeIndex = layer.ropeIndex
    }
    description.tokens = tokens
    description.provenance = held.provenance.merging(description.provenance) { $1 }
    self.description = description
    self.beginning = beginning
    self.added = added
  }

  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    let new = try added.tensor(kind, layer: layer)
    let (first, start) = (
      description.geometry.layers[layer].firstPosition, added.description.geometry.layers[layer].firstPosition
    )
    return try beginning.tensor(kind, layer: layer).rows(0..<start - first).followed(by: new)
  }

  public func probeQueries(layer: Int) throws -> ProbeQueries? { try added.probeQueries(layer: layer) }
}
