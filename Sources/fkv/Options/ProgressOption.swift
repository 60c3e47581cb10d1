import ArgumentParser

/// How a command shows how far it has come.
struct ProgressOption: ParsableArguments {
  @Option(
    help:
      "How progress is shown on standard error: bar, lines (one every ten seconds, for logs), none, or auto: a bar in a terminal, lines elsewhere."
  )
  var progress = ProgressDisplay.Mode.auto

  /// A display of work that begins now.
  func display(_ label: String, unit: String) -> ProgressDisplay {
    ProgressDisplay(label, unit: unit, mode: progress)
  }

  /// A display of work in stages.
  func stages() -> ProgressStages { ProgressStages(mode: progress) }
}

/// Displays of stages that follow one another, each begun by its first news.
final class ProgressStages {
  private let mode: ProgressDisplay.Mode
  private var current: (label: String, display: ProgressDisplay)?

  init(mode: ProgressDisplay.Mode) { self.mode = mode }

  /// News of a stage; another stage that was shown is finished.
  func update(_ label: String, unit: String, _ done: Int, of total: Int) {
    if current?.label != label {
      finish()
      current = (label, ProgressDisplay(label, unit: unit, mode: mode))
    }
    current?.display.update(done, of: total)
  }

  /// Takes away what is shown.
  func finish() {
    current?.display.finish()
    current = nil
  }
}

extension ProgressDisplay.Mode: ExpressibleByArgument {}
