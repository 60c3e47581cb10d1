import CLlama
import FileIO
import Interchange
import KVCacheModel

extension LlamaSession {
  /// The cached keys and values as llama.cpp stores them, with the last prefill's probe queries.
  ///
  /// llama.cpp writes its cache to a file in a temporary folder in `scratchFolder`, which is removed as soon as the file
  /// is open: the disk space is free again when the result is gone, and a crash leaves nothing once this has returned.
  /// The whole-context format is used because sequence files leave out what lies outside a sliding window for the
  /// next token, which earlier probe queries still attend to. Queries are left out if tokens were appended since.
  ///
  /// - Throws: `EngineError.stateNotSaved` if llama.cpp could not write (a full disk), `FileError` if the scratch
  ///   folder cannot be used, `LlamaStateError` if the file is not what was expected.
  public func capture(scratchFolder: String) throws -> LlamaStateCache {
    let queries = recorded?.tokenCount == tokenCount ? recorded!.queries : []
    return try capture(
      description(probeQueries: queries.first?.count ?? 0), queries: queries, scratchFolder: scratchFolder)
  }

  /// The part of the cache that `description` names, with `queries`; throws as `capture(scratchFolder:)` does.
  func capture(
    _ description: CacheDescription, queries: [ProbeQueries], scratchFolder: String
  ) throws -> LlamaStateCache {
    precondition(tokenCount > 0, "nothing is cached")
    precondition(!hasGaps, "a cache with gaps cannot be captured")
    let temporary = try TemporaryFolder(in: scratchFolder, name: "fkv-state")
    defer { temporary.remove() }
    let path = temporary.file("state")
    Backend.prepare()
    let known = tokens ?? []
    guard llama_state_save_file(context, path, known, known.count) else {
      throw EngineError.stateNotSaved(path: path, log: Backend.errorLine)
    }
    let file = try FileReader(path: path)
    return try LlamaStateCache(state: LlamaStateFile(file: file), description: description, queries: queries)
  }

  /// What is known of the session's cache.
  func description(probeQueries: Int) -> CacheDescription {
    var provenance = [
      "engine": "llama.cpp \(String(cString: llama_version()))",
      "engine.context": String(contextTokens),
      "engine.attention": "flash",
      ModelIdentity.formerFingerprintKey: model.formerFingerprint,
    ]
    provenance[CacheDescription.originalContextKey] = model.longRope.map { String($0.originalContext) }
    return CacheDescription(
      model: model.identity, geometry: layout.geometry(tokens: tokenCount, probeQueries: probeQueries),
      ropes: layout.ropes, tokens: tokens, keyType: .float16, valueType: .float16, attentionScale: layout.scale,
      attentionSoftcap: layout.softcap, probeQueries: probeQueries,
      provenance: provenance)
  }
}
