import CacheCodec
import Commands
import FileIO
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// Processes of the built `fkv` that end in the middle of their work: by SIGKILL, and by the signals of users and systems.
@Suite struct KillTests {
  /// Kills in all; `FKV_CRASH_KILLS` sets another number.
  private static let kills = ProcessInfo.processInfo.environment["FKV_CRASH_KILLS"].flatMap { Int($0) } ?? 20
  private static let cache = SyntheticCache.make(layers: 6, kvHeads: 2, tokens: 256, headDim: 16, probe: 2)

  /// A command that is killed, and its output.
  private struct Job {
    var name: String
    var target: String
    var arguments: [String]
    /// Whether the output is there before, with the bytes of `old`.
    var old: [UInt8]?
  }

  private let files = CommandFiles()

  private func jobs() throws -> [Job] {
    try files.capture("c.safetensors", Self.cache)
    _ = try CacheEncoder(.lossless, writer: "test").encode(Self.cache.positions(0..<200), to: files.path("short.fkv"))
    let short = try files.bytes("short.fkv")
    let path = files.path
    return [
      Job(
        name: "compress", target: "a.fkv", arguments: ["compress", path("c.safetensors"), "-o", path("a.fkv")],
        old: Array("before".utf8)),
      Job(name: "append", target: "b.fkv", arguments: ["append", path("b.fkv"), path("c.safetensors")], old: short),
      Job(
        name: "append --measure", target: "e.fkv",
        arguments: ["append", path("e.fkv"), path("c.safetensors"), "--measure"], old: short),
      Job(
        name: "convert", target: "c.bin",
        arguments: ["convert", path("c.safetensors"), path("c.bin"), "--to", "llama-state"], old: nil),
      Job(
        name: "calibrate", target: "d.fkvbasis",
        arguments: ["calibrate", path("c.safetensors"), "-o", path("d.fkvbasis")], old: Array("before".utf8)),
    ]
  }

  private func reset(_ job: Job) throws {
    try? FileManager.default.removeItem(atPath: files.path(job.target))
    if let old = job.old { try files.write(job.target, old) }
  }

  /// Starts a job, sends it a signal after some seconds, and returns how it ended.
  private func run(_ job: Job, signal: Int32, after seconds: Double) throws -> Process {
    let process = Process()
    process.executableURL = CommandRun.binary
    process.arguments = job.arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    usleep(UInt32(seconds * 1e6))
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    return process
  }

  /// At random moments: the target is the old file or the complete new one, and the next run leaves nothing else.
  @Test func killedAtAnyMoment() throws {
    let jobs = try jobs()
    let inputs = files.scratch.names
    var generator = RepeatableGenerator(seed: UInt64(Self.kills))
    var counts = [String: (kills: Int, old: Int, new: Int, left: Int)]()
    var (expected, durations) = ([String: [UInt8]](), [String: Double]())
    for job in jobs {
      try reset(job)
      let start = ContinuousClock.now
      try CommandRun(job.arguments).expectSuccess()
      durations[job.name] = (ContinuousClock.now - start) / .seconds(1)
      expected[job.name] = try files.bytes(job.target)
      try FileManager.default.removeItem(atPath: files.path(job.target))
    }
    for number in 0..<Self.kills {
      let job = jobs[number % jobs.count]
      try reset(job)
      let moment = Double.random(in: 0...1.05, using: &generator) * durations[job.name]!
      let process = try run(job, signal: SIGKILL, after: moment)
      let found = FileManager.default.contents(atPath: files.path(job.target)).map { Array($0) }
      let wasKilled = process.terminationReason == .uncaughtSignal
      #expect(found == expected[job.name] || wasKilled && found == job.old, "\(job.name) killed after \(moment) s")
      let left = files.scratch.names.contains { $0.hasSuffix(".fkv-partial") }
      var count = counts[job.name] ?? (0, 0, 0, 0)
      count.kills += 1
      if found == job.old { count.old += 1 } else { count.new += 1 }
      if left { count.left += 1 }
      counts[job.name] = count
      // The next run of anything that writes here; a whole command for the last of each.
      if number >= Self.kills - jobs.count {
        try reset(job)
        try CommandRun(job.arguments).expectSuccess()
        #expect(try files.bytes(job.target) == expected[job.name])
      } else {
        try AtomicFile(path: files.path("next")).discard()
      }
      try? FileManager.default.removeItem(atPath: files.path(job.target))
      #expect(files.scratch.names == inputs, "\(job.name) killed after \(moment) s")
    }
    #expect(counts.values.reduce(0) { $0 + $1.kills } == Self.kills)
    guard ProcessInfo.processInfo.environment["FKV_CRASH_REPORT"] != nil else { return }
    for job in jobs {
      let count = counts[job.name]!
      print("| \(job.name) | \(count.kills) | \(count.old) | \(count.new) | \(count.left) |")
    }
  }

  /// A signal that asks for the end leaves nothing, not even for the next run to remove; shells report 128 + its number.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func asked(signal: Int32) throws {
    let job = try jobs()[0]
    try reset(job)
    let inputs = files.scratch.names
    // The process is asked once its temporary is there.
    let script = """
      "$0" "$@" >/dev/null 2>&1 & pid=$!
      while :; do
        for f in "$FOLDER"/.*.fkv-partial; do [ -e "$f" ] && break 2; done
        kill -0 $pid 2>/dev/null || exit 99
      done
      kill -\(signal) $pid
      wait $pid; exit $?
      """
    // A job in the background of a shell without job control ignores SIGINT; a shell with it does not.
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "set -m\n" + script, CommandRun.binary.path] + job.arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["FOLDER": files.scratch.path]) { $1 }
    process.standardError = FileHandle.nullDevice
    try process.runWithSignals()
    #expect(process.terminationReason == .exit && process.terminationStatus == 128 + signal)
    #expect(files.scratch.names == inputs)
    #expect(try files.bytes(job.target) == Array("before".utf8))
  }

  /// Under `nohup`, which has SIGHUP ignored, the work goes on.
  @Test func ignoredSignalsStayIgnored() throws {
    let job = try jobs()[0]
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      [
        "-c", "trap '' HUP; \"$0\" \"$@\" & pid=$!; sleep 0.05; kill -HUP $pid; wait $pid; exit $?",
        CommandRun.binary.path,
      ] + job.arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.runWithSignals()
    #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
    #expect(try CommandRun(["verify", files.path(job.target)]).status == 0)
  }
}
