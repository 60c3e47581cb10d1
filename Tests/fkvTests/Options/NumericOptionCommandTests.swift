import Testing

/// Numbers in the options of every command. An option that is new is taken for a number, unless it is named here.
@Suite struct NumericOptionCommandTests {
  /// Options that take texts, names and files, whatever the command.
  static let texts: Set<String> = [
    "--answer", "--architecture", "--basis-file", "--bench", "--continue", "--data", "--from", "--haystack",
    "--key-file", "--kvtc-calibration", "--layout", "--log", "--methods", "--model", "--model-name", "--needle",
    "--output", "--output-folder", "--profile", "--prompt", "--question", "--reference", "--svg", "--system",
    "--tasks", "--to", "--token-ids",
  ]

  /// Options that take texts in these commands, and numbers in others.
  static let commandTexts: Set<String> = ["compress --tokens", "convert --tokens"]

  private static func isText(_ option: CommandOptions.Option) -> Bool {
    option.isListed || texts.contains(option.name) || commandTexts.contains(option.label)
  }

  @Test func everyNumberIsCheckedAndNamed() throws {
    let numbers = try CommandOptions.all().filter { !Self.isText($0) }
    #expect(numbers.count > 60)
    for option in numbers {
      for value in ["-1", "x", "", "--json"] {
        let run = try CommandRun(option.command + [option.name, value])
        #expect(run.status == 64 && run.output == "", "\(option.label) \(value): \(run)")
        #expect(
          run.errors.hasPrefix("Error: The value '\(value)' is invalid for '\(option.name) <"), "\(run.errors)")
        #expect(run.errors.contains(">': must "), "\(run.errors)")
      }
    }
  }

  /// Lists of values are named where a number is given instead.
  @Test func listedValuesAreNamed() throws {
    let run = try CommandRun(["convert", "--mlx-version", "-1"])
    run.expectUsage("The value '-1' is invalid for '--mlx-version <mlx-version>'", "'0.31' and '0.32'")
  }

  /// What is said to be no number is there.
  @Test func textsAreOptions() throws {
    let options = try CommandOptions.all()
    #expect(Self.texts.subtracting(options.map(\.name)) == [])
    #expect(Self.commandTexts.subtracting(options.map(\.label)) == [])
  }

  @Test func defaultsAreInTheHelp() throws {
    let help = Dictionary(uniqueKeysWithValues: try CommandOptions.all().map { ($0.label, $0.help) })
    for (label, value) in [
      ("capture --probe", "128"), ("calibrate --tokens", "4096"), ("generate --probe", "128"),
      ("generate --max-tokens", "256"), ("generate --temperature", "0"), ("generate --top-k", "40"),
      ("generate --top-p", "0.95"), ("generate --seed", "0"), ("eval needle --lengths", "1024,2048,4096"),
      ("eval needle --depths", "0,25,50,75,100"), ("eval needle --trials", "1"), ("eval needle --max-tokens", "24"),
      ("eval perplexity --cached", "4096"), ("eval perplexity --follow", "1024"), ("bench attention --layer", "0"),
      ("bench attention --runs", "15"), ("synthetic --layers", "32"), ("synthetic --kv-heads", "8"),
      ("synthetic --query-heads", "32"), ("synthetic --head-dim", "128"), ("synthetic --tokens", "32768"),
    ] {
      #expect(help[label]?.hasSuffix("(default: \(value))") == true, "\(label): \(help[label] ?? "-")")
    }
    for command in ["capture", "calibrate", "generate", "verify", "report", "eval needle"] {
      #expect(help[command + " --threads"]?.contains("free cores") == true)
    }
  }

  @Test func whatIsSaidOfWrongNumbers() throws {
    for (arguments, text) in [
      (["capture", "--probe", "-1"], "'--probe <probe>': must be 0 or more, not -1"),
      (["capture", "--probe=-1"], "'--probe <probe>': must be 0 or more, not -1"),
      (["capture", "--threads", "0"], "must be 1 or more, not 0"),
      (["compress", "--ratio", "-1"], "'--ratio <ratio>': must be more than 0, not -1"),
      (["compress", "--ratio", "nan"], "must be a finite number, not nan"),
      (["compress", "--step", "inf"], "must be a finite number, not inf"),
      (["compress", "--block", "1025"], "must lie in 1…1024, not 1025"),
      (["compress", "--exact-fraction", "1.5"], "must lie in 0…1, not 1.5"),
      (["compress", "--states", "7"], "must be an even number of at least 2, not '7'"),
      (["compress", "--shape", "2,0"], "'--shape <n,n,…>': must be 1 or more, not 0"),
      (["generate", "--seed", "4294967296"], "must be at most 4294967295, not 4294967296"),
      (["eval", "perplexity", "--follow", "1"], "must be 2 or more, not 1: the first token is fed and not scored"),
      (["eval", "needle", "--lengths", "5,,6"], "must be a whole number, not ''"),
      (["eval", "needle", "--shard", "3/2"], "must be i/n with i from 1 to n, as 2/8, not '3/2'"),
      (["bench", "--at-error", "-1"], "'--at-error <at-error>': must be more than 0, not -1"),
      (["restore", "--tokens", "-4"], "must be FIRST-LAST or FIRST-, as 0-99 or 100-, not '-4'"),
      (["verify", "--max-memory", "-1G"], "must be a number of bytes above 0, as 4096, 800M or 8G, not '-1G'"),
    ] {
      try CommandRun(arguments).expectUsage(text)
    }
  }
}
