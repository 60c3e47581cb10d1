import CLlama
import FileIO
import Synchronization

/// llama.cpp's process-wide state: it is started once, and its log goes nowhere but for error lines.
enum Backend {
  private static let firstError = Mutex("")

  private static let isShowing = Mutex(false)

  /// Writes error lines to standard error as well, for a process that may not live to tell them.
  static func showsErrors() { isShowing.withLock { $0 = true } }

  private static let started: Void = {
    llama_log_set({ level, text, _ in Backend.note(level, text) }, nil)
    llama_backend_init()
  }()

  /// Starts llama.cpp if it is not yet, and forgets errors logged before.
  static func prepare() {
    started
    firstError.withLock { $0 = "" }
  }

  /// The first error line since `prepare`, which names the cause (the last says only that loading failed); empty if there
  /// was none. Lines of other threads are not told apart.
  static var errorLine: String { firstError.withLock { $0 } }

  private static func note(_ level: ggml_log_level, _ text: UnsafePointer<CChar>?) {
    guard level == GGML_LOG_LEVEL_ERROR, let text else { return }
    let line = String(cString: text).split(separator: "\n").last.map(String.init) ?? ""
    firstError.withLock { if $0.isEmpty { $0 = line } }
    if isShowing.withLock({ $0 }) { try? StandardStream.error.write("\(line)\n") }
  }
}
