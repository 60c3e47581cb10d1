/// Archives of torch.save with each outer form that caches are put into, laid out by hand.
enum TorchSeeds {
  static func all() -> [[UInt8]] {
    let (keys, values) = ((0..<3).map { tensor($0) }, (3..<6).map { tensor($0) })
    let pairs = tuple((0..<3).map { tuple([keys[$0], values[$0]]) })
    let stacks = [tensor(0, shape: [3, 1, 1, 3, 2]), tensor(3, shape: [3, 1, 1, 3, 2])]
    let array = global("numpy.core.multiarray _reconstruct") + Array(")R}b".utf8)
    let output = global("transformers.modeling_outputs CausalLMOutputWithPast") + Array(")R".utf8)
    return [
      tuple([list(keys), list(values)]), dictionary([("keys", list(keys)), ("values", list(values))]),
      list((0..<3).map { dictionary([("key", keys[$0]), ("value", values[$0])]) }),
      tuple((0..<3).map { tuple([keys[$0], values[$0], Array("N".utf8)]) }), tuple(stacks),
      dictionary([("k", stacks[0]), ("v", stacks[1])]), tensor(0, shape: [2, 3, 1, 3, 2]),
      tensor(0, shape: [3, 2, 1, 3, 2]), dictionary([("kv_caches", pairs), ("array", array)]),
      dictionary([("past_kv", pairs), ("note", Array("N".utf8))]),
      output + Array("(".utf8) + text("past_key_values") + pairs + Array("u".utf8),
    ].map(archive)
  }

  private static func archive(_ value: [UInt8]) -> [UInt8] {
    let numbers = (0..<36).flatMap { ContainerParts.little(UInt64(0x3C00 + $0), 2) }
    return ArchiveChanges.archive([
      .init(name: Array("a/data.pkl".utf8), content: [0x80, 2] + value + Array(".".utf8)),
      .init(name: Array("a/data/0".utf8), content: numbers),
    ])
  }

  /// A view of 36 numbers that begins at number 6 · `index`, its rows one after the other.
  private static func tensor(_ index: Int, shape: [Int] = [1, 1, 3, 2]) -> [UInt8] {
    let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
    let storage = tuple([text("storage"), global("torch HalfStorage"), text("0"), text("cpu"), integer(36)])
    let hooks = global("collections OrderedDict") + Array(")R".utf8)
    let arguments = [
      storage + Array("Q".utf8), integer(6 * index), tuple(shape.map(integer)), tuple(strides.map(integer)), [0x89],
      hooks,
    ]
    return global("torch._utils _rebuild_tensor_v2") + tuple(arguments) + Array("R".utf8)
  }

  private static func global(_ name: String) -> [UInt8] {
    Array("c\(name.split(separator: " ").joined(separator: "\n"))\n".utf8)
  }
  private static func text(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }
  private static func integer(_ value: Int) -> [UInt8] { [UInt8(ascii: "K"), UInt8(value)] }
  private static func list(_ parts: [[UInt8]]) -> [UInt8] { Array("](".utf8) + parts.joined() + Array("e".utf8) }
  private static func tuple(_ parts: [[UInt8]]) -> [UInt8] { Array("(".utf8) + parts.joined() + Array("t".utf8) }
  private static func dictionary(_ members: [(String, [UInt8])]) -> [UInt8] {
    Array("}(".utf8) + members.flatMap { text($0.0) + $0.1 } + Array("u".utf8)
  }
}
