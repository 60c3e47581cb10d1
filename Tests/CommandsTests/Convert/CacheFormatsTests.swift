import Interchange
import KVCacheModel
import TestSupport
import Testing

@testable import Commands

@Suite struct CacheFormatsTests {
  @Test func namesAreUniqueAndFound() {
    let names = CacheFormats.all().map(\.name)
    #expect(Set(names).count == names.count)
    for name in names { #expect(CacheFormats.named(name)?.name == name) }
    #expect(CacheFormats.named("safetensors")?.name == "capture" && CacheFormats.named("nothing") == nil)
    let both = [
      "fkv", "capture", "safetensors", "llama-state", "llama-session", "mlx", "transformers", "lmcache",
    ]
    for name in both { #expect(CacheFormats.names(.read).contains(name) && CacheFormats.names(.write).contains(name)) }
    for name in ["torch", "vllm", "raw"] {
      #expect(CacheFormats.names(.read).contains(name) && !CacheFormats.names(.write).contains(name))
    }
    for format in CacheFormats.all() {
      #expect(!format.directions.isEmpty && !format.summary.hasSuffix("."))
      #expect(!format.directions.contains(.write) || !format.elementTypes.isEmpty)
    }
    #expect(CacheFormats.summaries.map(\.name) == names)
  }

  /// What one format recognises, no other does.
  @Test func formatsAreToldApart() throws {
    let scratch = ScratchFolder()
    let cache = SyntheticCache.make(tokens: 5, pairing: .interleaved)
    for name in ["fkv", "capture", "llama-state", "llama-session", "mlx", "transformers", "lmcache"] {
      let path = scratch.file(name)
      _ = try CacheWriting(format: name).write(cache, keyConvention: nil, to: path) { _ in }
      let item = try FormatItem(path: path)
      #expect(CacheFormats.all().filter { $0.recognises(item) }.map(\.name) == [name])
      #expect(try CacheFormats.recognise(path).name == name)
    }
  }
}
