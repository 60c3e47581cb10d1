import Foundation

/// Where fkv keeps what set-up fetched, for one user: `$XDG_CACHE_HOME/fkv`, or else `$HOME/.cache/fkv`.
public enum ModelLocation {
  /// There is no model where set-up puts it, and no other was named.
  public struct Missing: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where it would be.
    public var path: String

    public var description: String {
      "\(path): there is no default model; 'make setup' fetches it, and '--model FILE' takes another"
    }
  }

  /// The folder. Where neither variable is set to anything, the home folder is that of the password file.
  public static var cacheFolder: String {
    let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
    return (environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? NSHomeDirectory()) + "/.cache") + "/fkv"
  }

  /// The model that `make setup` fetched, SmolLM2-135M-Instruct.
  public static var standardModel: String { cacheFolder + "/models/SmolLM2-135M-Instruct.Q4_1.gguf" }

  /// The model that was named, or the one that `make setup` fetched.
  ///
  /// - Parameter model: nil for the latter.
  /// - Throws: `Missing` if that is asked for and not there. A model that was named is not looked for yet.
  public static func find(_ model: String?) throws(Missing) -> String {
    if let model { return model }
    guard FileManager.default.fileExists(atPath: standardModel) else { throw Missing(path: standardModel) }
    return standardModel
  }
}
