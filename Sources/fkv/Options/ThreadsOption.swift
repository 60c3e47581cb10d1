import ArgumentParser
import Foundation

/// The threads of commands that run a model.
struct ThreadsOption: ParsableArguments {
  @Option(
    number: .atLeast(1),
    help: "Threads that the model computes on; more threads than free cores make it slower (default: all cores).")
  var threads: Int?

  /// How many to take.
  var count: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }
}
