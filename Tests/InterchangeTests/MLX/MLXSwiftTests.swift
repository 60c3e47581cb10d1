import FileIO
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Files as mlx-swift-lm's `savePromptCache` lays them out, and layers of several kinds in one file.
@Suite struct MLXSwiftTests {
  private let folder = ScratchFolder()

  private typealias Tensor = (name: String, type: String, shape: [Int], bytes: [UInt8])

  private func cache(_ tensors: [Tensor], _ texts: [String: String]) -> String {
    var header: [String] = []
    var data: [UInt8] = []
    for tensor in tensors {
      let end = data.count + tensor.bytes.count
      header.append(
        #""\#(tensor.name)":{"dtype":"\#(tensor.type)","shape":\#(tensor.shape),"data_offsets":[\#(data.count),\#(end)]}"#
      )
      data += tensor.bytes
    }
    let lines = texts.map { #""\#($0)":"\#($1)""# }.joined(separator: ",")
    return folder.write(safetensorsBytes("{\"__metadata__\":{\(lines)},\(header.joined(separator: ","))}", data: data))
  }

  private func halves(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: Float16Bits.bits(value).littleEndian, Array.init) }
  }

  /// 1.0, 2.0 and 0.5 in binary16 are all that is needed.
  private enum Float16Bits {
    static func bits(_ value: Float) -> UInt16 { value == 0 ? 0 : value == 1 ? 0x3C00 : value == 2 ? 0x4000 : 0x3800 }
  }

  /// Keys and values of H 1, T 2, D 32 in 4 bits, groups of 32: six tensors side by side.
  private func quantised(_ layer: Int) -> [Tensor] {
    let words = [UInt8](repeating: 0x21, count: 32)
    return [0, 3].flatMap { first -> [Tensor] in
      [
        ("\(layer).\(first)", "U32", [1, 1, 2, 4], words),
        ("\(layer).\(first + 1)", "F16", [1, 1, 2, 1], halves([2, 2])),
        ("\(layer).\(first + 2)", "F16", [1, 1, 2, 1], halves([0.5, 0.5])),
      ]
    }
  }

  private func plain(_ layer: Int, _ type: String = "F16") -> [Tensor] {
    let count = type == "F32" ? 256 : 128
    return [0, 1].map { ("\(layer).\($0)", type, [1, 1, 2, 32], [UInt8](repeating: 0, count: count)) }
  }

  private func quantisedTexts(_ layer: Int) -> [String: String] {
    ["0.\(layer).0": "256", "0.\(layer).1": "2", "0.\(layer).2": "32", "0.\(layer).3": "4"]
  }

  @Test func quantisedSideBySide() throws {
    let cache = try MLXCacheFile(
      path: cache(quantised(0), quantisedTexts(0).merging(["2.0": "QuantizedKVCache"]) { $1 }))
    #expect(cache.facts.layers == [.init(kvHeads: 1, headDim: 32, tokens: 2)] && cache.facts.isQuantised)
    for kind in CacheKind.allCases {
      let numbers = try cache.tensor(kind, layer: 0).bytes.floats(as: .float32)
      #expect(numbers == (0..<64).map { $0 % 2 == 0 ? 2.5 : 4.5 })
    }
  }

  /// Sliding layers as they are and global ones quantised: all come as Float32.
  @Test func quantisedAndPlainLayers() throws {
    var texts = quantisedTexts(1)
    for (key, text) in ["0.0.0": "0", "0.0.1": "2", "0.0.2": "256", "0.0.3": "5", "0.0.4": "2", "0.0.5": "model"] {
      texts[key] = text
    }
    texts["2.0"] = "RotatingKVCache"
    texts["2.1"] = "QuantizedKVCache"
    let cache = try MLXCacheFile(path: cache(plain(0) + quantised(1), texts))
    #expect(cache.facts.layers[0] == .init(kvHeads: 1, headDim: 32, tokens: 2, firstPosition: 3, slidingWindow: 2))
    #expect(cache.facts.keyType == .float32 && cache.facts.valueType == .float32 && cache.facts.isQuantised)
    for layer in 0..<2 { #expect(try cache.tensor(.value, layer: layer).bytes.count == 256) }
  }

  @Test func modelStateBesidesTheCache() throws {
    let state: Tensor = ("__mlx_lm_state_tensor_0", "I32", [1], [0, 0, 0, 0])
    let cache = try MLXCacheFile(
      path: cache(
        plain(0) + [state],
        ["0.0.0": "", "1.__mlx_lm_state_count": "1", "1.note": "kept", "2.0": "__mlx_lm_state_v1__:KVCache"]))
    #expect(
      cache.facts.losses == [
        ConversionLoss(.dropped, "the state that the model keeps besides the cache is left out")
      ])
    #expect(cache.facts.provenance["mlx.note"] == "kept")
    #expect(!cache.facts.provenance.keys.contains { $0.contains("__mlx_lm_state") })
  }

  @Test func damagedFiles() throws {
    let path = cache(quantised(0), quantisedTexts(0).merging(["2.0": "QuantizedKVCache"]) { $1 })
    let bytes = try FileReader(path: path).read(at: 0, count: FileReader(path: path).byteCount)
    let mutations = ForeignMutations(read: { try readAll(MLXCacheFile(path: $0)) })
    mutations.truncated(bytes, at: 0..<bytes.count)
    let outcome = mutations.mutated(bytes, count: 300, in: 0..<8 + Int(bytes[0]) + Int(bytes[1]) << 8, seed: 3)
    #expect(outcome.refused > outcome.taken)
  }
}
