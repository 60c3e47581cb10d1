import Interchange
import Synchronization

/// Loads a model that was not seen before in a process of its own, so that a file over which llama.cpp ends its process
/// does not end this one.
///
/// llama.cpp asserts much of what a model file says, at the latest when the first tokens run. The program that
/// `host` names is started again with `argument` and the model's path; there it loads the model, makes a context and runs
/// a prompt (`ModelProbe+Serving`). What went well is remembered by the model's fingerprint and its files' sizes and
/// times, so that it costs once. Where no host is set, as in programs that link the library, nothing is probed.
public enum ModelProbe {
  /// Who can be started, and where to remember what went well.
  public struct Host: Sendable {
    /// A program that calls `serve(_:)` first of all.
    public var program: String
    /// The folder; nil remembers nothing.
    public var memory: String?

    public init(program: String, memory: String?) {
      self.program = program
      self.memory = memory
    }
  }

  /// The argument by which a process is told to probe; no command has that name.
  public static let argument = "--probe-model-for-parent"
  /// The last line of a probe that went well, and of one that threw a typed error, which the caller meets as well.
  static let passed = "fkv: this model runs"
  static let refused = "fkv: this model was refused"

  private static let current = Mutex<Host?>(nil)

  /// Who is started; nil probes nothing.
  public static var host: Host? {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }

  /// Probes a model unless that was done before.
  ///
  /// - Throws: `EngineError.modelEndsProcess` with llama.cpp's last line. What the probe refused with a typed error is
  ///   left to the caller, and so is a model for which no process could be started.
  static func check(_ model: GGUFModel, fingerprint: String) throws {
    guard let host else { return }
    let record = ProbeRecord(model, fingerprint: fingerprint, folder: host.memory)
    guard !record.isKept else { return }
    // A debugger or backtrace that prints where the process stopped would take seconds and hide the reason.
    let quiet = ["GGML_NO_BACKTRACE": "1", "SWIFT_BACKTRACE": "enable=no"]
    guard
      let process = ProbeProcess(program: host.program, arguments: [argument, model.path], environment: quiet)
    else { return }
    switch lastLine(process.errors) {
    case passed: record.keep()
    case refused: return
    case let line: throw EngineError.modelEndsProcess(path: model.path, how: process.ending, log: line)
    }
  }

  /// The failed assertion if there is one, else the last line that says anything.
  static func lastLine(_ text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.filter { !$0.isASCII || $0 >= " " } }
      .filter { !$0.allSatisfy(\.isWhitespace) }
    let last = lines.last ?? ""
    guard last != passed, last != refused else { return last }
    let line = lines.last { $0.contains("GGML_ASSERT") || $0.contains("GGML_ABORT") } ?? last
    return String(line.prefix(500))
  }
}
