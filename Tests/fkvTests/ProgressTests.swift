import Foundation
import Synchronization
import TestSupport
import Testing

@testable import fkv

/// What is shown of work that lasts, on a clock that the test turns.
@Suite struct ProgressTests {
  /// A clock and what was written.
  private final class Stage: Sendable {
    let time = Mutex(Date(timeIntervalSince1970: 0))
    let text = Mutex("")

    func display(_ mode: ProgressDisplay.Mode) -> ProgressDisplay {
      ProgressDisplay(
        "prefill", unit: "tokens", mode: mode, now: { self.time.withLock { $0 } },
        write: { more in self.text.withLock { $0 += more } })
    }

    func pass(_ seconds: Double) { time.withLock { $0 += seconds } }
    var written: String { text.withLock { $0 } }
  }

  @Test func linesComeEveryTenSecondsWithTheTimeLeft() {
    let stage = Stage()
    let display = stage.display(.lines)
    display.update(0, of: 4000)
    for second in 1...35 {
      stage.pass(1)
      display.update(20 * second, of: 4000)
    }
    #expect(
      stage.written == """
        fkv: prefill 200/4000 tokens (5 %), 20.0 tokens/s, about 3 min left
        fkv: prefill 400/4000 tokens (10 %), 20.0 tokens/s, about 3 min left
        fkv: prefill 600/4000 tokens (15 %), 20.0 tokens/s, about 3 min left

        """)
    display.finish()
    #expect(!stage.written.contains("\u{1B}"))
  }

  /// Batches may be minutes apart: lines come all the same, with what is known.
  @Test func linesComeWithoutNews() {
    let stage = Stage()
    let display = stage.display(.lines)
    display.update(0, of: 1000)
    stage.pass(10)
    display.tick()
    display.update(500, of: 1000)
    stage.pass(10)
    display.tick()
    #expect(
      stage.written == """
        fkv: prefill 0/1000 tokens (0 %)
        fkv: prefill 500/1000 tokens (50 %), 25.0 tokens/s, about 20 s left

        """)
  }

  @Test func whatIsShortOrDoneIsNotSaid() {
    let stage = Stage()
    let display = stage.display(.lines)
    stage.pass(9)
    display.update(900, of: 1000)
    display.update(1000, of: 1000)
    stage.pass(100)
    display.tick()
    #expect(stage.written == "")
  }

  /// A second pass over the layers is timed by itself.
  @Test func workThatBeginsAgainIsTimedAgain() {
    let stage = Stage()
    let display = stage.display(.lines)
    stage.pass(8)
    display.update(30, of: 30)
    display.update(1, of: 30)
    stage.pass(4)
    display.update(10, of: 30)
    #expect(stage.written == "fkv: prefill 10/30 tokens (33 %), 2.50 tokens/s, about 8 s left\n")
  }

  @Test func aNoteTakesThePlaceOfTheRate() {
    let stage = Stage()
    let display = stage.display(.lines)
    stage.pass(12)
    display.update(3, of: 12, note: "about 2 h 3 min left")
    #expect(stage.written == "fkv: prefill 3/12 tokens (25 %), about 2 h 3 min left\n")
  }

  @Test func theBarIsRedrawnAndTakenAway() {
    let stage = Stage()
    let display = stage.display(.bar)
    stage.pass(0.5)
    display.update(1, of: 4)
    #expect(stage.written == "")
    stage.pass(1.5)
    display.update(2, of: 4)
    display.update(2, of: 4)
    #expect(
      stage.written == "\rprefill ████████████░░░░░░░░░░░░ 2/4 tokens, 1.00 tokens/s, about 2 s left\u{1B}[K")
    display.finish()
    display.finish()
    #expect(stage.written.hasSuffix("\u{1B}[K\r\u{1B}[K"))
  }

  @Test func nothingIsNothing() {
    let stage = Stage()
    let display = stage.display(.none)
    stage.pass(100)
    display.update(2, of: 4)
    display.finish()
    #expect(stage.written == "")
  }

  /// Where standard error is a file, nothing has escape codes, and a short run says nothing.
  @Test(arguments: ["auto", "bar", "lines", "none"]) func everyCommandTakesIt(_ mode: String) throws {
    let folder = ScratchFolder()
    let run = try CommandRun([
      "synthetic", "-o", folder.file("a.safetensors"), "--layers", "2", "--tokens", "32", "--progress", mode,
    ])
    run.expectSuccess()
    #expect(run.errors == "" && !run.progress.contains("\u{1B}"))
    #expect(mode != "none" || run.progress == "")
    for command in FKVCommand.configuration.subcommands where command.configuration.subcommands.isEmpty {
      let name = command._commandName
      guard !["inspect", "generate"].contains(name) else { continue }
      #expect(try CommandRun([name, "--help"]).output.contains("--progress"), "\(name)")
    }
  }

  @Test func otherWordsAreRefused() throws {
    let run = try CommandRun(["synthetic", "-o", "a", "--progress", "loud"])
    #expect(run.status == 64 && run.errors.contains("auto") && run.errors.contains("lines"))
  }
}
