import Foundation
import KVCacheModel
import LlamaEngine
import Testing

/// Everything that runs a model, one after another: sessions compete for the same cores, and the engine's threads spin.
@Suite(.serialized) enum EngineTests {}

/// The models that set-up fetched, and prompts for them.
enum TestModel {
  /// Where set-up keeps models.
  static let folder: String = {
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.cache"
    return cache + "/fkv/models"
  }()

  /// Threads of a session in tests.
  static let threads = 2

  static let path = folder + "/SmolLM2-135M-Instruct.Q4_1.gguf"
  /// A model with sliding-window layers and two rotary embeddings; make test fetches it.
  static let gemmaPath = folder + "/gemma-3-270m.Q4_K_M.gguf"
  static let hasGemma = FileManager.default.fileExists(atPath: gemmaPath)

  static let smol = try! LlamaModel(path: path)
  static let gemma = try! LlamaModel(path: gemmaPath)

  /// The first `count` tokens of a text in which many words occur more than once.
  static func prompt(_ model: LlamaModel, tokens count: Int) throws -> [Int32] {
    var text = ""
    for number in 0..<max(8, count / 12) {
      text +=
        "Line \(number): the river runs past the old mill, and the miller counts the sacks of line \(number * 7). "
    }
    return Array(try model.tokenize(text).prefix(count))
  }
}

extension LlamaSession {
  /// What the session holds, in memory, without probe queries.
  func held(scratchFolder: String) throws -> MemoryCache {
    let cache = try capture(scratchFolder: scratchFolder)
    let layers = cache.description.geometry.layers.indices
    return MemoryCache(
      description: cache.description, keys: try layers.map { try cache.tensor(.key, layer: $0) },
      values: try layers.map { try cache.tensor(.value, layer: $0) })
  }
}
