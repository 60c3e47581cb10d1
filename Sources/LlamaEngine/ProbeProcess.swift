import Foundation

/// One started probe: what it wrote to standard error, and how it ended.
struct ProbeProcess {
  var errors: String
  /// As `waitpid` gives it; nil where somebody else took it.
  var status: Int32?

  /// Starts a program and waits for its end; nil if it could not be started.
  ///
  /// Its standard input is a pipe that ends when this process does, its standard output goes nowhere. It stands in this
  /// process's group, so that Ctrl-C ends both, with all signals as they are by default.
  init?(program: String, arguments: [String], environment: [String: String]) {
    guard let input = Self.pipe() else { return nil }
    guard let output = Self.pipe() else {
      close(input.reading)
      close(input.writing)
      return nil
    }
    let child = Self.start(
      program, arguments, environment, standardInput: input.reading, standardError: output.writing)
    close(input.reading)
    close(output.writing)
    defer {
      close(input.writing)
      close(output.reading)
    }
    guard let child else { return nil }
    errors = String(decoding: Self.tail(of: output.reading), as: UTF8.self)
    var status: Int32 = 0
    var waited: pid_t
    repeat { waited = waitpid(child, &status, 0) } while waited < 0 && errno == EINTR
    self.status = waited == child ? status : nil
  }

  /// `SIGABRT`, `exit status 3`: for a sentence.
  var ending: String {
    guard let status else { return "an end that it did not tell" }
    let signal = status & 0x7F
    guard signal != 0 else { return "exit status \(status >> 8 & 0xFF)" }
    let names = [
      SIGABRT: "SIGABRT", SIGSEGV: "SIGSEGV", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGILL: "SIGILL",
      SIGKILL: "SIGKILL, as by a system out of memory", SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGTRAP: "SIGTRAP",
    ]
    return names[signal] ?? "signal \(signal)"
  }

  /// The most bytes of messages that are kept, the last ones.
  private static let mostBytes = 1 << 16

  private static func pipe() -> (reading: Int32, writing: Int32)? {
    var ends: [Int32] = [-1, -1]
    guard Foundation.pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func tail(of descriptor: Int32) -> [UInt8] {
    var kept: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return kept }
      kept += buffer[..<count]
      if kept.count > 2 * mostBytes { kept.removeFirst(kept.count - mostBytes) }
    }
  }

  private static func start(
    _ program: String, _ arguments: [String], _ environment: [String: String], standardInput: Int32,
    standardError: Int32
  ) -> pid_t? {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, standardInput, STDIN_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, standardError, STDERR_FILENO)
    var (all, none) = (sigset_t(), sigset_t())
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))

    var words = ([program] + arguments).map { strdup($0) } + [nil]
    let inherited = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var variables = inherited.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var child: pid_t = 0
    return posix_spawn(&child, program, &actions, &attributes, &words, &variables) == 0 ? child : nil
  }
}
