import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// What people put layers into: each form is read as what it is, or refused with what stands there.
@Suite struct TorchOuterFormsTests {
  private let folder = ScratchFolder()

  /// Tensor `index` of [1, 1, `tokens`, 2]; its numbers are told apart by their offset.
  private func layer(_ index: Int, tokens: Int = 3) -> [UInt8] {
    TorchBuilder.tensor(
      count: 240, offset: 6 * index, shape: [1, 1, tokens, 2], strides: [2 * tokens, 2 * tokens, 2, 1])
  }

  private func list(_ parts: [[UInt8]]) -> [UInt8] { Array("](".utf8) + parts.flatMap { $0 } + Array("e".utf8) }
  private func tuple(_ parts: [[UInt8]]) -> [UInt8] { Array("(".utf8) + parts.flatMap { $0 } + Array("t".utf8) }
  private func dictionary(_ members: [(String, [UInt8])]) -> [UInt8] {
    Array("}(".utf8) + members.flatMap { TorchBuilder.text($0.0) + $0.1 } + Array("u".utf8)
  }

  private func open(_ value: [UInt8]) throws -> TorchCacheFile {
    let storage = (0..<240).flatMap { TorchBuilder.word(UInt16($0)) }
    let pickle = TorchBuilder.proto + value + TorchBuilder.stop
    let path = folder.write(TorchBuilder.archive([("a/data.pkl", pickle), ("a/data/0", storage)]))
    let cache = try TorchCacheFile(path: path)
    try readAll(cache)
    return cache
  }

  /// The first number of each layer's keys and values over 6: which tensors they are.
  private func order(_ value: [UInt8]) throws -> [[Int]] {
    let cache = try open(value)
    return try cache.facts.layers.indices.map { layer in
      try CacheKind.allCases.map { kind in
        Int(try cache.tensor(kind, layer: layer).bytes.littleEndian(as: UInt16.self)[0]) / 6
      }
    }
  }

  private func refused(_ value: [UInt8], _ text: String, _ location: SourceLocation = #_sourceLocation) {
    #expect(sourceLocation: location) {
      try open(value)
    } throws: { error in
      error is ForeignError && "\(error)".contains(text)
    }
  }

  @Test func keysAndValuesInTwoLists() throws {
    let (keys, values) = ([layer(0), layer(1), layer(2)], [layer(3), layer(4), layer(5)])
    let expected = [[0, 3], [1, 4], [2, 5]]
    #expect(try order(tuple([list(keys), list(values)])) == expected)
    #expect(try order(list([tuple(keys), tuple(values)])) == expected)
    for (k, v) in [("keys", "values"), ("k", "v"), ("key_cache", "value_cache"), ("past_keys", "past_values")] {
      #expect(try order(dictionary([(k, list(keys)), (v, list(values))])) == expected)
    }
    #expect(try order(tuple([list([layer(0)]), list([layer(1)])])) == [[0, 1]])
    refused(tuple([list(keys), list(Array(values.dropLast()))]), "a list of 3 tensors and one of 2")
    refused(dictionary([("keys", list(keys)), ("values", list([layer(0)]))]), "expected 3 tensors, found 1")
  }

  /// Two by two is pairs as Transformers made them, or anything; lengths may tell.
  @Test func twoByTwo() throws {
    let pairs = [[layer(0), layer(1)], [layer(2), layer(3)]]
    #expect(try order(tuple(pairs.map(tuple))) == [[0, 1], [2, 3]])
    refused(tuple(pairs.map(list)), "which may be layers or kinds")
    let sliding = [[layer(0), layer(1, tokens: 2)], [layer(2), layer(3, tokens: 2)]]
    #expect(try order(list(sliding.map(list))) == [[0, 2], [1, 3]])
    let other = [[layer(0), layer(1)], [layer(2, tokens: 2), layer(3, tokens: 2)]]
    #expect(try order(list(other.map(list))) == [[0, 1], [2, 3]])
  }

  @Test func furtherElements() throws {
    let none = Array("N".utf8)
    #expect(
      try order(tuple((0..<3).map { tuple([layer(2 * $0), layer(2 * $0 + 1), none]) })) == [[0, 1], [2, 3], [4, 5]])
    let four = (0..<3).map { row in tuple((0..<4).map { layer(4 * row + $0) }) }
    refused(tuple(four), "four tensors a layer, as encoder-decoder models have them")
    refused(tuple(Array(four.prefix(2))), "4 layers by kind or 2 with cross-attention")
    refused(
      tuple((0..<3).map { row in tuple((0..<3).map { layer(3 * row + $0) }) }), "3 tensors, which may be keys or values"
    )
    refused(tuple([tuple([layer(0), layer(1)]), layer(2)]), "1 lists and 1 other values")
    refused(tuple([layer(0), layer(1), layer(2)]), "3 tensors, which may be keys or values")
  }

  @Test func dictionariesOfLayers() throws {
    for (k, v) in [("key", "value"), ("keys", "values"), ("k", "v")] {
      let layers = (0..<2).map { dictionary([(k, layer(2 * $0)), (v, layer(2 * $0 + 1))]) }
      #expect(try order(list(layers)) == [[0, 1], [2, 3]])
    }
    refused(list([dictionary([("key", layer(0)), ("value", layer(1))]), dictionary([])]), "keys and values in [1]")
  }

  @Test(arguments: ["past_key_values", "kv_caches", "past_kv", "cache", "kv_cache"])
  func besidesOtherThings(name: String) throws {
    let pairs = tuple([tuple([layer(0), layer(1)]), tuple([layer(2), layer(3)])])
    let array = TorchBuilder.global("numpy.core.multiarray _reconstruct") + Array(")R}b".utf8)
    let ids = TorchBuilder.tensor("LongStorage", key: "1", count: 3, shape: [1, 3], strides: [3, 1])
    let cache = try open(dictionary([(name, pairs), ("array", array), ("note", Array("N".utf8))]))
    #expect(
      cache.facts.losses == [
        ConversionLoss(.dropped, "\"array\" (numpy.core.multiarray._reconstruct) is not taken over")
      ])
    _ = ids
    refused(dictionary([(name, pairs), ("legacy_cache", tuple([tuple([layer(0), layer(1)])]))]), "several caches")
  }

  /// An output of a model in Transformers is a dictionary with attributes.
  @Test func outputs() throws {
    let pairs = tuple([tuple([layer(0), layer(1)]), tuple([layer(2), layer(3)])])
    let name = TorchBuilder.global("transformers.modeling_outputs CausalLMOutputWithPast")
    let items = Array("(".utf8) + TorchBuilder.text("past_key_values") + pairs + Array("u".utf8)
    #expect(try order(name + Array(")R".utf8) + items) == [[0, 1], [2, 3]])
    #expect(
      try order(name + Array(")R".utf8) + dictionary([("past_key_values", pairs)]) + Array("b".utf8)) == [
        [0, 1], [2, 3],
      ])
    refused(
      TorchBuilder.global("my.module Thing") + Array(")R".utf8) + dictionary([("past_key_values", pairs)])
        + Array("b".utf8), "my.module.Thing")
  }

  @Test func stackedTensors() throws {
    func stack(_ shape: [Int], offset: Int = 0) -> [UInt8] {
      var strides: [Int] = []
      var step = 1
      for size in shape.reversed() {
        strides.insert(step, at: 0)
        step *= size
      }
      return TorchBuilder.tensor(count: 240, offset: offset, shape: shape, strides: strides)
    }
    let expected = [[0, 3], [1, 4], [2, 5]]
    #expect(try order(tuple([stack([3, 1, 1, 3, 2]), stack([3, 1, 1, 3, 2], offset: 18)])) == expected)
    #expect(
      try order(dictionary([("keys", stack([3, 1, 1, 3, 2])), ("values", stack([3, 1, 1, 3, 2], offset: 18))]))
        == expected)
    #expect(try order(stack([2, 3, 1, 1, 3, 2])) == expected)
    #expect(try order(stack([2, 3, 1, 3, 2])) == expected)
    #expect(try order(stack([3, 2, 1, 3, 2])) == [[0, 1], [2, 3], [4, 5]])
    for shape in [[2, 2, 1, 3, 2], [3, 4, 1, 3, 2], [1, 2, 3, 4], [2, 3, 2, 1, 3, 2]] {
      refused(stack(shape), "without one axis for K and V")
    }
    refused(tuple([stack([3, 2, 3, 2]), stack([3, 2, 3, 2])]), "which may be keys or values")
    refused(
      dictionary([("keys", stack([3, 1, 3, 2])), ("values", stack([3, 1, 3, 2]))]), "[layers, 1, heads, tokens, dims]")
    refused(stack([2, 1 << 40, 1, 0, 2]), "must be [layers, 1, heads, tokens, dims]")
  }

  @Test func mutations() throws {
    let storage = [UInt8](repeating: 0, count: 480)
    let value = tuple([list((0..<3).map { layer($0) }), list((3..<6).map { layer($0) })])
    let bytes = TorchBuilder.archive([
      ("a/data.pkl", TorchBuilder.proto + value + TorchBuilder.stop), ("a/data/0", storage),
    ])
    let mutations = ForeignMutations(read: { try readAll(TorchCacheFile(path: $0)) })
    #expect(mutations.opens(bytes, "whole"))
    let outcome = mutations.mutated(bytes, count: 400, in: 40..<bytes.count - 600, seed: 9)
    #expect(outcome.refused > outcome.taken)
  }
}
