import Interchange
import KVCacheModel
import LlamaEngine

extension ModelFacts {
  /// What a GGUF file and llama.cpp say of caches of its model. The model is loaded and run for a few tokens, since
  /// only the engine's graph says which layers slide, how scores are scaled and how keys are rotated.
  ///
  /// - Throws: `GGUFError`, `EngineError`, `FileError`.
  public static func reading(_ path: String) throws -> ModelFacts {
    let model = try LlamaModel(path: path)
    let session = try LlamaSession(model: model, contextTokens: 64, threads: 1)
    let layout = session.layout
    var facts = ModelFacts(
      identity: model.identity, layers: layout.geometry(tokens: 0, probeQueries: 0).layers, ropes: layout.ropes,
      attentionScale: layout.scale, attentionSoftcap: layout.softcap, stateFormat: session.stateFormat)
    facts.formerFingerprint = model.formerFingerprint
    if let longRope = model.longRope, layout.ropes.contains(where: { $0.longRope != nil }) {
      facts.otherRopes = layout.otherRopes
      facts.originalContext = longRope.originalContext
    }
    return facts
  }
}
