import FileIO
import Foundation

extension ModelProbe {
  /// Does the work of a probe and ends the process, if that is what it was started for; else returns.
  ///
  /// The model is loaded, a context made, and a prompt of 64 tokens and one more run with their logits. Its last line
  /// on standard error is `passed`, or `refused` after a typed error, or none of them where llama.cpp ended the process. It
  /// ends as well when its standard input does: the process that asked is gone then.
  ///
  /// - Parameter arguments: the process's, its name first.
  public static func serve(_ arguments: [String]) {
    guard arguments.count == 3, arguments[1] == argument else { return }
    // An expected end leaves no core file.
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    #if canImport(Darwin)
      setrlimit(RLIMIT_CORE, &limit)
    #else
      setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    #endif
    Thread.detachNewThread {
      var byte: UInt8 = 0
      var count: Int
      repeat { count = read(STDIN_FILENO, &byte, 1) } while count > 0 || (count < 0 && errno == EINTR)
      _exit(1)
    }
    Backend.showsErrors()
    do {
      try run(arguments[2])
      tell(passed)
    } catch {
      tell("\(error)\n\(refused)")
    }
    _exit(0)
  }

  private static func tell(_ line: String) { try? StandardStream.error.write("\(line)\n") }

  /// Everything that a capture asks of the engine, on few tokens.
  private static func run(_ path: String) throws {
    let model = try LlamaModel(path: path)
    let session = try LlamaSession(model: model, contextTokens: 128, threads: 1)
    _ = try session.prefill(tokens: [Int32](repeating: 0, count: 64), probeQueries: 4)
    _ = try session.append([0]) { $0.count }
  }
}
