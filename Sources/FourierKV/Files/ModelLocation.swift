import Foundation

/// Where fkv keeps what set-up fetched, for one user: `$XDG_CACHE_HOME/fkv` or `~/.cache/fkv`.
public enum ModelLocation {
  /// The folder.
  public static var cacheFolder: String {
    let environment = ProcessInfo.processInfo.environment
    let base = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.cache"
    return base + "/fkv"
  }

  /// The model that `make setup` fetched, SmolLM2-135M-Instruct.
  public static var standardModel: String { cacheFolder + "/models/SmolLM2-135M-Instruct.Q4_1.gguf" }
}
