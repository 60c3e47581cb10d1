import Foundation
import Testing

/// The options of every command, as the built `fkv` describes them to programs.
struct CommandOptions: Decodable {
  struct Option {
    /// The words of the command: `eval needle`.
    var command: [String]
    /// With its dashes.
    var name: String
    /// Whether the help lists the values that there are.
    var isListed: Bool
    /// What the help says.
    var help: String
    /// `compress --ratio`.
    var label: String { (command + [name]).joined(separator: " ") }
  }

  private struct Name: Decodable {
    var kind: String
    var name: String
  }

  private struct Argument: Decodable {
    var kind: String
    var preferredName: Name?
    var allValues: [String]?
    var abstract: String?
  }

  private struct Command: Decodable {
    var commandName: String
    var arguments: [Argument]?
    var subcommands: [Command]?

    func options(of parents: [String]) -> [Option] {
      let own = (arguments ?? []).filter { $0.kind == "option" }.compactMap { argument in
        argument.preferredName.map {
          Option(
            command: parents, name: ($0.kind == "long" ? "--" : "-") + $0.name, isListed: argument.allValues != nil,
            help: argument.abstract ?? "")
        }
      }
      return own + (subcommands ?? []).flatMap { $0.options(of: parents + [$0.commandName]) }
    }
  }

  private var command: Command

  /// Those of the binary that was built with these tests.
  static func all() throws -> [Option] {
    let run = try CommandRun(["--experimental-dump-help"])
    run.expectSuccess()
    return try JSONDecoder().decode(CommandOptions.self, from: Data(run.output.utf8)).command.options(of: [])
  }
}
