import CacheCodec
import Commands
import FileIO
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// Every system call of the pipelines that write, failing in turn (docs/reliability.md).
@Suite struct FaultWalkTests {
  private static let cache = SyntheticCache.make(layers: 2, kvHeads: 1, tokens: 24, headDim: 4, probe: 2)

  /// Prints a row of the page's table where somebody asks for it.
  private func report(_ name: String, _ count: FaultWalk.Count) {
    #expect(count.points > 40 && count.refused > 0 && count.oldKept > 0 && count.newWritten > 0 && count.halts > 4)
    guard ProcessInfo.processInfo.environment["FKV_CRASH_REPORT"] != nil else { return }
    print(
      "| \(name) | \(count.points) | \(count.halts) | \(count.refused) | \(count.oldKept) | \(count.newWritten) |")
  }

  private static var spectral: CacheEncoder.Method {
    var parameters = SpectralParameters()
    parameters.window = 4
    parameters.basis = .none
    return .spectral(parameters)
  }

  @Test(arguments: [(CacheEncoder.Method.lossless, nil), (spectral, [1, 2, 3])] as [(CacheEncoder.Method, [UInt8]?)])
  func compress(method: CacheEncoder.Method, old: [UInt8]?) throws {
    let walk = FaultWalk(target: "c.fkv", old: old) { folder in
      _ = try CompressPipeline(input: folder.file("c.safetensors"), output: folder.file("c.fkv"), method: method).run()
    }
    try CaptureWriter.write(Self.cache, to: walk.folder.file("c.safetensors"))
    report("compress, \(method.profile.name), \(old == nil ? "new file" : "over a file")", try walk.walk())
  }

  /// In place: the file that is read is the one that is replaced.
  @Test(arguments: [false, true]) func append(measures: Bool) throws {
    let scratch = ScratchFolder()
    _ = try CacheEncoder(.lossless, writer: "test").encode(Self.cache.positions(0..<16), to: scratch.file("c.fkv"))
    let old = Array(try Data(contentsOf: URL(fileURLWithPath: scratch.file("c.fkv"))))
    let walk = FaultWalk(target: "c.fkv", old: old) { folder in
      var pipeline = AppendPipeline(file: folder.file("c.fkv"), addition: folder.file("c.safetensors"))
      pipeline.measures = measures
      _ = try pipeline.run()
    }
    try CaptureWriter.write(Self.cache, to: walk.folder.file("c.safetensors"))
    report("append\(measures ? " --measure" : "")", try walk.walk())
  }

  @Test(arguments: ["capture", "llama-state", "fkv", "lmcache"]) func convert(format: String) throws {
    let walk = FaultWalk(target: "out", old: nil) { folder in
      var writing = CacheWriting(format: format)
      writing.options.modelName = "m"
      _ = try ConvertPipeline(input: folder.file("c.fkv"), output: folder.file("out"), writing: writing).run()
    }
    _ = try CacheEncoder(.lossless, writer: "test").encode(Self.cache, to: walk.folder.file("c.fkv"))
    report("convert to \(format)", try walk.walk())
  }

  @Test func calibrate() throws {
    let walk = FaultWalk(target: "m.fkvbasis", old: [1, 2, 3]) { folder in
      _ = try CalibratePipeline(
        samples: [.capture(folder.file("c.safetensors"))], model: "none", output: folder.file("m.fkvbasis"), threads: 1
      ).run()
    }
    try CaptureWriter.write(Self.cache, to: walk.folder.file("c.safetensors"))
    report("calibrate", try walk.walk())
  }

  @Test func restore() throws {
    let walk = FaultWalk(target: "r.safetensors", old: [1, 2, 3]) { folder in
      _ = try RestorePipeline(input: folder.file("c.fkv"), output: folder.file("r.safetensors")).run()
    }
    _ = try CacheEncoder(.lossless, writer: "test").encode(Self.cache, to: walk.folder.file("c.fkv"))
    report("restore", try walk.walk())
  }
}
