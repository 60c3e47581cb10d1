import ArgumentParser
import Commands
import FileIO
import Foundation

/// Exit codes: 0 done, 1 done but a limit was exceeded, 2 could not be done, 64 usage.
@main
struct Main {
  static func main() {
    // Before any file or pipe can get the descriptor of a stream that is closed.
    StandardStream.occupyClosed()
    ModelTrial.prepare(CommandLine.arguments)
    ProcessSetup.prepare()
    do {
      var command = try FKVCommand.parseAsRoot()
      try command.run()
    } catch {
      end(with: error)
    }
  }

  /// Says what a command threw, on the stream that it belongs on, and ends the process.
  private static func end(with error: any Error) -> Never {
    let code = FKVCommand.exitCode(for: error)
    guard error is ExitCode || code != .failure else { fail(error) }
    // ArgumentParser's own: help, version, usage, or a code that a command asked for.
    let text = FKVCommand.fullMessage(for: error)
    guard !text.isEmpty else { Foundation.exit(code.rawValue) }
    if code == .success {
      do { try print(text) } catch { fail(error) }
    } else {
      Diagnostics.write(text + "\n")
    }
    Foundation.exit(code.rawValue)
  }

  /// Says why something could not be done, and ends the process.
  private static func fail(_ error: any Error) -> Never {
    let brokenPipe = FileError.system(operation: "write", path: StandardStream.output.name, code: EPIPE)
    if error as? FileError == brokenPipe { ProcessSetup.endByBrokenPipe() }
    Diagnostics.error(error)
    let isUsage = error is OutputConflict || error is Continuation.NoSuchFile
    Foundation.exit(isUsage ? ExitCode.validationFailure.rawValue : 2)
  }
}
