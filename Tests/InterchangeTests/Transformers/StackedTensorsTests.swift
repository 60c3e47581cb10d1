import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Safetensors files with all layers in one or two tensors.
@Suite struct StackedTensorsTests {
  private let folder = ScratchFolder()

  /// A file of F16 tensors whose numbers' bits count from `first`.
  private func file(_ tensors: [(name: String, shape: [Int], first: Int)]) -> String {
    var members: [String] = []
    var data: [UInt8] = []
    for tensor in tensors {
      let start = data.count
      data += (0..<tensor.shape.reduce(1, *)).flatMap { number in
        withUnsafeBytes(of: UInt16(tensor.first + number).littleEndian, Array.init)
      }
      members.append(
        "\"\(tensor.name)\":{\"dtype\":\"F16\",\"shape\":\(tensor.shape),\"data_offsets\":[\(start),\(data.count)]}")
    }
    return folder.write(safetensorsBytes("{\(members.joined(separator: ","))}", data: data))
  }

  /// The bits of the first number of each layer's keys and values.
  private func order(_ tensors: [(name: String, shape: [Int], first: Int)]) throws -> [[Int]] {
    let path = file(tensors)
    #expect(TransformersFormat().recognises(try FormatItem(path: path)))
    let cache = try TransformersCacheFile(path: path)
    #expect(cache.facts.losses.isEmpty)
    return try cache.facts.layers.indices.map { layer in
      #expect(cache.facts.layers[layer] == .init(kvHeads: 2, headDim: 4, tokens: 3))
      return try CacheKind.allCases.map {
        Int(try cache.tensor($0, layer: layer).bytes.littleEndian(as: UInt16.self)[0])
      }
    }
  }

  @Test(arguments: [("keys", "values"), ("key_cache", "value_cache"), ("past.k", "past.v")])
  func twoTensors(keys: String, values: String) throws {
    let shape = [3, 1, 2, 3, 4]
    #expect(try order([(keys, shape, 0), (values, shape, 1000)]) == [[0, 1000], [24, 1024], [48, 1048]])
  }

  @Test func oneTensor() throws {
    let (byLayer, byKind) = ([[0, 24], [48, 72], [96, 120]], [[0, 72], [24, 96], [48, 120]])
    for name in ["kv_cache", "past_key_values"] {
      #expect(try order([(name, [3, 2, 2, 3, 4], 0)]) == byLayer)
      #expect(try order([(name, [3, 2, 1, 2, 3, 4], 0)]) == byLayer)
      #expect(try order([(name, [2, 3, 2, 3, 4], 0)]) == byKind)
      #expect(try order([(name, [2, 3, 1, 2, 3, 4], 0)]) == byKind)
    }
  }

  @Test func whatCouldMeanTwoThings() throws {
    for tensors in [
      [("kv_cache", [2, 2, 2, 3, 4], 0)], [("kv_cache", [3, 4, 2, 3, 4], 0)], [("kv_cache", [2, 3, 3, 4], 0)],
      [("kv_cache", [3, 2, 2, 2, 3, 4], 0)], [("kv_cache", [3, 2, 0, 3, 4], 0)],
      [("keys", [3, 2, 3, 4], 0), ("values", [3, 2, 3, 4], 0)],
      [("keys", [3, 2, 2, 3, 4], 0), ("values", [3, 2, 2, 3, 4], 0)],
      [("keys", [3, 1, 2, 3, 4], 0), ("values", [2, 1, 2, 3, 4], 0)],
      [("keys", [3, 1, 2, 3, 4], 0)], [("weights", [3, 2, 2, 3, 4], 0)],
      [("kv_cache", [3, 2, 2, 3, 4], 0), ("past_kv", [3, 2, 2, 3, 4], 0)],
    ] as [[(name: String, shape: [Int], first: Int)]] {
      let path = file(tensors)
      #expect(!TransformersFormat().recognises(try FormatItem(path: path)), "\(tensors)")
      #expect(throws: ForeignError.self, "\(tensors)") { try TransformersCacheFile(path: path) }
    }
  }

  /// Another tensor is passed over with a word; a name with a number decides for layers by name.
  @Test func otherTensors() throws {
    let shape = [3, 1, 2, 3, 4]
    let cache = try TransformersCacheFile(path: file([("keys", shape, 0), ("values", shape, 0), ("mask", [4], 0)]))
    #expect(cache.facts.losses == [ConversionLoss(.dropped, "tensor \"mask\" is not taken over")])
    let named = try TransformersCacheFile(
      path: file([("k_0", [2, 3, 4], 0), ("v_0", [2, 3, 4], 9), ("kv_cache", [3, 2, 2, 3, 4], 0)]))
    #expect(named.facts.layers.count == 1)
  }
}
