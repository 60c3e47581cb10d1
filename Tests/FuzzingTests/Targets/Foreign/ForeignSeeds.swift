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

  /// A tensor to lay out by hand, its numbers all alike.
  typealias Tensor = (name: String, type: String, shape: [Int], bytes: Int)

  /// A safetensors file of these tensors and texts.
  static func safetensors(_ tensors: [Tensor], _ texts: [String: String] = [:]) -> [UInt8] {
    var members = texts.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }
    members = ["\"__metadata__\":{\(members.joined(separator: ","))}"]
    var end = 0
    for tensor in tensors {
      members.append(
        "\"\(tensor.name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),"
          + "\"data_offsets\":[\(end),\(end + tensor.bytes)]}")
      end += tensor.bytes
    }
    let header = Array("{\(members.joined(separator: ","))}".utf8)
    return ContainerParts.little(UInt64(header.count), 8) + header + [UInt8](repeating: 0x3C, count: end)
  }

  /// All layers in one or two tensors.
  static var stacks: [[UInt8]] {
    [
      safetensors([("keys", "F16", [3, 1, 2, 3, 4], 144), ("values", "F16", [3, 1, 2, 3, 4], 144)]),
      safetensors([("kv_cache", "BF16", [3, 2, 2, 3, 4], 288)]),
      safetensors([("past_key_values", "F32", [2, 3, 1, 2, 3, 4], 576)]),
    ]
  }
}
