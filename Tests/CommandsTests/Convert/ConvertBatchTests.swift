import FileIO
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

@testable import Commands

@Suite struct ConvertBatchTests {
  private let scratch = ScratchFolder()

  private func path(_ name: String) -> String { scratch.file(name) }

  private func batch(_ names: [String], to format: String = "llama-state") -> ConvertBatch {
    ConvertBatch(inputs: names.map(path), folder: path("out"), writing: CacheWriting(format: format))
  }

  @Test(arguments: [1, 4]) func oneFailureDoesNotStopTheOthers(_ jobs: Int) throws {
    for (seed, name) in ["a.safetensors", "b", ".c", "d.x.y"].enumerated() {
      try CaptureWriter.write(
        SyntheticCache.make(tokens: 5, seed: UInt64(seed), pairing: .interleaved), to: path(name))
    }
    try Data("broken".utf8).write(to: URL(fileURLWithPath: path("bad.bin")))
    var batch = batch(["a.safetensors", "bad.bin", "b", "none", ".c", "d.x.y"])
    batch.jobs = jobs
    let seen = Seen()
    let outcomes = try batch.run { done, all in seen.add(done * 10 + all) }
    #expect(seen.values == [16, 26, 36, 46, 56, 66])
    #expect(outcomes.map(\.input) == batch.inputs)
    let failures = outcomes.map { (try? $0.result.get()) == nil }
    #expect(failures == [false, true, false, true, false, false])
    let folder = try FileManager.default.contentsOfDirectory(atPath: path("out")).sorted()
    #expect(folder == [".c.bin", "a.bin", "b.bin", "d.x.bin"])
    for outcome in outcomes {
      guard let report = try? outcome.result.get() else { continue }
      #expect(report.output == batch.output(of: outcome.input) && report.from == "capture")
    }
  }

  @Test func outputsMustDiffer() throws {
    let batch = batch(["x/a.bin", "b", "y/a.safetensors"])
    #expect(
      throws: ConvertBatch.SameOutput(
        first: path("x/a.bin"), second: path("y/a.safetensors"), output: path("out") + "/a.bin")
    ) { try batch.run() }
    #expect(scratch.names.isEmpty)
  }

  @Test func inputsAreNotReplaced() throws {
    try FileManager.default.createDirectory(atPath: path("out"), withIntermediateDirectories: false)
    try CaptureWriter.write(SyntheticCache.make(tokens: 5), to: path("out/a.safetensors"))
    let before = try Data(contentsOf: URL(fileURLWithPath: path("out/a.safetensors")))
    // Whichever input it is, and by whatever name: nothing is converted.
    try CaptureWriter.write(SyntheticCache.make(tokens: 5), to: path("b.bin"))
    try FileManager.default.createSymbolicLink(
      atPath: path("out/b.safetensors"), withDestinationPath: path("out/a.safetensors"))
    for (inputs, output) in [
      (["out/a.safetensors"], "a.safetensors"), (["b.bin", "out/a.safetensors"], "b.safetensors"),
    ] {
      #expect(
        throws: OutputConflict(
          kind: .same, role: "output", output: path("out") + "/\(output)", inputRole: "cache",
          input: path("out/a.safetensors"))
      ) { try batch(inputs, to: "capture").run() }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path("out/a.safetensors"))) == before)
  }

  private final class Seen: @unchecked Sendable {
    private(set) var values: [Int] = []
    func add(_ value: Int) { values.append(value) }
  }
}
