import ArgumentParser
import Foundation

/// Exit codes: 0 done, 1 done but a limit was exceeded, 2 could not be done, 64 usage.
@main
struct Main {
  static func main() {
    let command: any ParsableCommand
    do { command = try FKVCommand.parseAsRoot() } catch { FKVCommand.exit(withError: error) }
    do {
      var command = command
      try command.run()
    } catch let error where error is ExitCode || FKVCommand.exitCode(for: error) != .failure {
      // Help, version and usage errors have codes of their own; errors that ArgumentParser does not know have `failure`.
      FKVCommand.exit(withError: error)
    } catch {
      Diagnostics.error(error)
      Foundation.exit(2)
    }
  }
}
