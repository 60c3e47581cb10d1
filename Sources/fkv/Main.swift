import ArgumentParser
import Foundation
import FourierKV

/// Exit codes: 0 done, 1 done but a limit was exceeded, 2 could not be done, 64 usage.
@main
struct Main {
  static func main() {
    ModelTrial.prepare(CommandLine.arguments)
    ProcessSetup.prepare()
    let command: any ParsableCommand
    do { command = try FKVCommand.parseAsRoot() } catch { FKVCommand.exit(withError: error) }
    do {
      var command = command
      try command.run()
    } catch let error where error is ExitCode || FKVCommand.exitCode(for: error) != .failure {
      // ArgumentParser's own: help, version, usage, or a code that a command asked for.
      FKVCommand.exit(withError: error)
    } catch {
      Diagnostics.error(error)
      Foundation.exit(2)
    }
  }
}
