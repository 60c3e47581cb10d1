import FileIO
import KVCacheModel
import TestSupport

@testable import Interchange

/// Small files of each format: those that other programs wrote, and some that fkv writes.
enum ForeignSeeds {
  /// A file as `format` writes it.
  static func written(
    _ format: any CacheFormat, _ cache: MemoryCache, _ options: WriteOptions = WriteOptions()
  ) throws -> [UInt8] {
    let folder = ScratchFolder()
    _ = try format.write(cache, to: folder.file("cache"), options: options) { _ in }
    return try SampleFiles.bytes(at: folder.file("cache"))
  }

  static func samples(_ folder: String, _ ending: String, most: Int) throws -> [[UInt8]] {
    try SampleFiles.bytes(in: "\(SampleFiles.foreign)/\(folder)", ending: ending, most: most)
  }

  /// Caches of a few hundred numbers.
  static let caches = [
    SyntheticCache.make(layers: 2, kvHeads: 1, tokens: 3, headDim: 4, probe: 2),
    SyntheticCache.make(layers: 3, kvHeads: 2, tokens: 5, headDim: 2, probe: 1, elementType: .bfloat16),
    SyntheticCache.make(
      layers: 2, kvHeads: 1, tokens: 4, headDim: 6, probe: 0, elementType: .float32, valueType: .float16),
    SyntheticCache.make(layers: 2, kvHeads: 1, tokens: 6, headDim: 4, probe: 1, slidingWindow: 2, withTokens: false),
  ]

  /// Both of llama.cpp's containers, each version, with cells of each kind that can be written.
  static func llama(_ format: any CacheFormat, versions: ClosedRange<UInt32>) throws -> [[UInt8]] {
    let wide = SyntheticCache.make(layers: 2, kvHeads: 1, tokens: 3, headDim: 32, probe: 0)
    return try versions.flatMap { version -> [[UInt8]] in
      var options = WriteOptions()
      options.stateVersion = version
      var seeds = try caches.dropLast().map { try written(format, $0, options) }
      options.cells.transposesValues = true
      seeds.append(try written(format, caches[3], options))
      for type: LlamaCellType in [.q80, .q40, .q51] {
        options.cells = LlamaCellLayout(keyType: type, valueType: type)
        seeds.append(try written(format, wide, options))
      }
      return seeds
    }
  }
}
