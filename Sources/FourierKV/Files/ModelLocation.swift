import Foundation

/// Where fkv keeps what set-up fetched, for one user: `$XDG_CACHE_HOME/fkv`, or else `$HOME/.cache/fkv`.
public enum ModelLocation {
  /// The folder. Where neither variable is set to anything, the home folder is that of the password file.
  public static var cacheFolder: String {
    let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
    return (environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? NSHomeDirectory()) + "/.cache") + "/fkv"
  }

  /// The model that `make setup` fetched, SmolLM2-135M-Instruct.
  public static var standardModel: String { cacheFolder + "/models/SmolLM2-135M-Instruct.Q4_1.gguf" }
}
