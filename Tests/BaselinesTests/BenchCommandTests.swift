import Commands
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// `fkv bench` as it is built, on captures of a few kilobytes.
struct BenchCommandTests {
  private struct Output {
    var status: Int32
    var text: String
    var diagnostics: String
  }

  private let folder = ScratchFolder()

  private func fkv(_ arguments: String...) throws -> Output {
    let process = Process()
    // The command lies next to the test bundle.
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    process.executableURL = bundle.appendingPathComponent("fkv")
    process.arguments = arguments
    let (output, diagnostics) = (folder.file("stdout"), folder.file("stderr"))
    for path in [output, diagnostics] { #expect(FileManager.default.createFile(atPath: path, contents: nil)) }
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: diagnostics))
    try process.run()
    process.waitUntilExit()
    return Output(
      status: process.terminationStatus, text: try String(contentsOfFile: output, encoding: .utf8),
      diagnostics: try String(contentsOfFile: diagnostics, encoding: .utf8))
  }

  private func capture(_ name: String, _ cache: MemoryCache) throws -> String {
    let path = folder.file(name)
    try CaptureWriter.write(cache, to: path)
    return path
  }

  private func cache(seed: UInt64 = 1, model: String = "1") -> MemoryCache {
    var cache = SyntheticCache.make(layers: 1, kvHeads: 1, tokens: 160, headDim: 32, seed: seed)
    cache.description.model.fingerprint = model
    return cache
  }

  /// A ratio that a setting asks for and the file does not have stands in the row.
  @Test func ratiosThatAreNotReached() throws {
    let path = try capture("a.safetensors", cache())
    let run = try fkv("bench", path, "--methods", "kvtc-own,q8_0")
    #expect(run.status == 0)
    let row = try #require(run.text.split(separator: "\n").first { $0.contains("budget 64× ") })
    #expect(row.contains("× of 64.0× "), "\(row)")
    #expect(try #require(run.text.split(separator: "\n").first { $0.hasPrefix("q8_0") }).contains("× of ") == false)
    let json = try fkv("bench", path, "--methods", "kvtc-own,q8_0", "--json").text
    #expect(json.contains("\"unmet_ratio\"") && json.matches(of: /unmet_ratio" ?: 64/).count >= 1, "\(json)")
  }

  @Test func tableHasARowForEveryPoint() throws {
    let path = try capture("a.safetensors", cache())
    let run = try fkv("bench", path, "--methods", "lossless,q8_0,q4_0+hadamard,kivi,kvtc", "--at-error", "0.1")
    #expect(run.status == 0)
    let lines = run.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.filter { $0.hasPrefix("kivi ") }.count == 7)
    let row = lines.first { $0.hasPrefix("q8_0") }.map { $0.split(separator: " ") }
    // 2·160·32 numbers in blocks of 34 bytes, two counts of 4.
    #expect(row?[4] == "10888" && row?[5] == "0" && row?[6] == "1.88×")
    #expect(run.text.contains("ratio at equal error"))
    #expect(
      run.diagnostics == """
        fkv: skipped q4_0+hadamard (blocks of 32): llama.cpp rotates heads of a multiple of 64 dimensions only, not 32
        fkv: skipped kvtc: no --kvtc-calibration was given

        """)
  }

  @Test func jsonAndPlotOfEveryMethod() throws {
    let path = try capture("a.safetensors", cache())
    let other = try capture("b.safetensors", cache(seed: 2))
    let run = try fkv(
      "bench", path, "--json", "--kvtc-calibration", other, "--at-error", "0.2", "--svg", folder.file("plot-"))
    #expect(run.status == 0)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(run.text.utf8)) as? [String: [[String: Any]]])
    let report = try #require(object["captures"]?.first)
    let points = try #require(report["points"] as? [[String: Any]])
    let skipped = try #require(report["skipped"] as? [[String: Any]])
    let names = Set(points.compactMap { $0["method"] as? String })
    #expect(names.union(skipped.compactMap { $0["method"] as? String }) == Set(BenchPipeline.methodNames))
    for point in points {
      let (bytes, ratio) = (try #require(point["file_bytes"] as? Int), try #require(point["ratio"] as? Double))
      #expect(abs(ratio - 20480 / Double(bytes)) < 1e-9)
      #expect((point["basis_bytes_outside"] as? Int ?? -1 > 0) == (point["method"] as? String == "kvtc"))
      let errors = try #require(point["attention_output_error"] as? [String: Double])
      #expect(errors["mean"]! <= errors["max"]!)
      if ["lossless", "lz4", "zstd"].contains(point["method"] as? String) { #expect(errors["max"] == 0) }
    }
    let svg = try String(contentsOfFile: folder.file("plot-a.svg"), encoding: .utf8)
    #expect(svg.contains("prefers-color-scheme: dark") && !svg.contains("<script"))
    #expect(XMLCheck.isWellFormed(svg))
    for name in ["kivi", "kvtc-own", "cachegen-delta"] { #expect(svg.contains(">\(name)</text>")) }
  }

  @Test func calibrationMustBeOnOtherTexts() throws {
    let path = try capture("a.safetensors", cache())
    let same = try capture("b.safetensors", cache())
    let run = try fkv("bench", path, "--methods", "kvtc", "--kvtc-calibration", same)
    #expect(run.status == 2 && run.text.isEmpty)
    #expect(run.diagnostics.contains("calibrate on other texts than are tested"))
    let foreign = try capture("c.safetensors", cache(seed: 2, model: "2"))
    #expect(try fkv("bench", path, "--methods", "kvtc", "--kvtc-calibration", foreign).status == 2)
  }

  @Test func usage() throws {
    let path = try capture("a.safetensors", cache())
    let unknown = try fkv("bench", path, "--methods", "kivi,mp3")
    #expect(unknown.status == 64 && unknown.diagnostics.contains("'--methods' has no 'mp3'"))
    #expect(try fkv("bench", path, "--at-error", "0").status == 64)
    #expect(try fkv("bench").status == 64)
    #expect(try fkv("bench", folder.file("none")).status == 2)
    var blind = cache()
    blind.queries = []
    blind.description.probeQueries = 0
    let run = try fkv("bench", try capture("blind.safetensors", blind), "--methods", "q8_0")
    #expect(run.status == 2 && run.diagnostics.contains("no probe queries"))
  }

  @Test func numbersThatAreNotFiniteAreRefused() throws {
    var sick = cache()
    sick.values[0].bytes.replaceSubrange(0..<2, with: [0x00, 0x7C])
    let run = try fkv("bench", try capture("a.safetensors", sick), "--methods", "kivi")
    #expect(run.status == 2 && run.diagnostics.contains("values of layer 0 hold numbers that are not finite"))
  }
}

/// A small check that elements close in order and that nothing is left unescaped.
private enum XMLCheck {
  static func isWellFormed(_ text: String) -> Bool {
    var open: [Substring] = []
    var rest = text[...]
    while let start = rest.firstIndex(of: "<") {
      guard let end = rest[start...].firstIndex(of: ">") else { return false }
      let tag = rest[rest.index(after: start)..<end]
      if tag.hasPrefix("/") {
        guard open.popLast() == tag.dropFirst() else { return false }
      } else if !tag.hasSuffix("/") {
        open.append(tag.prefix { $0 != " " })
      }
      rest = rest[rest.index(after: end)...]
    }
    return open.isEmpty
  }
}
