import CacheCodec
import Fidelity
import Foundation
import Interchange
import KVCacheModel
import TestSupport

@testable import Commands
@testable import fkv

/// Pages on small caches whose names mean harm.
struct ReportSample {
  let scratch = ScratchFolder()

  static let hostile = #"</title><script>document.title='owned'</script><img src="http://x/y" onerror=alert(1)> & 'q' "#

  static let names = [
    "bytes", "attention", "depth", "spectra", "rate-error", "predictions", "origin",
  ]

  /// A cache with sliding windows and that name.
  static func cache(heads: Int = 2, group: Int = 3, layers: Int = 4) -> MemoryCache {
    var cache = SyntheticCache.make(
      layers: layers, kvHeads: heads, groupSize: group, tokens: 90, headDim: 8, probe: 5, slidingWindow: 40)
    cache.description.model.name = hostile
    cache.description.model.architecture = hostile
    cache.description.provenance = [hostile: hostile]
    return cache
  }

  /// What a report on such a cache says, with methods and predictions.
  func contents(_ cache: MemoryCache, _ method: CacheEncoder.Method) throws -> ReportContents {
    let reference = scratch.file("c <b>&amp;.safetensors")
    try CaptureWriter.write(cache, to: reference)
    _ = try CacheEncoder(method, writer: "<i>writer</i>").encode(cache, to: scratch.file("c.fkv"))
    var contents = try ReportPipeline(path: scratch.file("c.fkv"), reference: reference).run()
    let point: (String, Double, Double) -> BenchResult.Point = { name, ratio, error in
      BenchResult.Point(
        method: name, setting: Self.hostile, isProduct: false, rate: RateCurve.Point(ratio: ratio, error: error))
    }
    contents.rates = BenchResult.Capture(
      capture: Self.hostile, layers: 0, kvHeads: 0, queryHeads: 0, tokens: 0, headDim: 0,
      points: [
        point("kivi", 4, 0.2), point("kivi", 6, 0.4), point("<script>", 9, 0.1), point("zstd", 1.1, 0),
        point("nan", 2, .nan), point("inf", 2, .infinity),
      ])
    var predictions = PredictionComparison()
    for index in 0..<60 {
      let full: [Float] = [1, 2, 0.5]
      let restored: [Float] = [1, 2, 0.5 + (index % 7 == 0 ? 0 : 0.01 * Float(index))]
      full.withUnsafeBufferPointer { full in
        restored.withUnsafeBufferPointer { predictions.add(full: full, restored: $0, next: 1) }
      }
    }
    contents.predictions = predictions
    return contents
  }

  static let methods: [(name: String, method: CacheEncoder.Method)] = {
    var spectral = SpectralParameters()
    spectral.rate = .step(0.3)
    return [("lossless", .lossless), ("fourier", .fourier(FourierParameters())), ("spectral", .spectral(spectral))]
  }()

  func page(_ cache: MemoryCache, _ method: CacheEncoder.Method) throws -> String {
    ReportPage(try contents(cache, method), arguments: ["report", Self.hostile, "-o", "r.html"]).html
  }
}
