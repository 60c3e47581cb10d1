import TestSupport

@testable import Interchange

extension ForeignTargets {
  /// A folder of two layers' files; the first two bytes say where the second begins.
  static let vllm = FuzzTarget(
    name: "vllm", mostBytes: mostBytes, memory: memory,
    seeds: {
      try ["fused", "heads", "packed", "pairs"].map { name in
        let folder = "vllm/\(name)/1f3c8f98b5369fb9dd7053b6c9dd451f"
        return joined(try ForeignSeeds.samples(folder, ".safetensors", most: mostBytes))
      }
    },
    mutation: { bytes, changes in
      guard changes.number(below: 8) > 0 else { return changes.changed(bytes) }
      var files = split(bytes)
      let index = changes.number(below: 2)
      files[index] = SafetensorsChanges.mutated(files[index], &changes)
      if changes.once(in: 4) { files[1 - index] = files[index] }
      let changed = joined(files)
      return changed.count <= changes.most ? changed : bytes
    }, mayThrow: { ForeignReading.mayThrow($0) },
    run: { bytes, declared in
      for (layer, content) in zip(layers, split(Array(bytes))) { content.withUnsafeBytes { layer.fill($0) } }
      var supplied = SuppliedFacts()
      supplied.kvHeads = 2
      try ForeignReading.readAll(VLLMFormat(), folder, supplied, &declared)
    })

  /// A model's file, of which caches take the identity.
  static let gguf = FuzzTarget(
    name: "gguf", mostBytes: 2048,
    seeds: {
      var builder = GGUFBuilder()
      builder.add("general.architecture", "llama")
      builder.add("llama.block_count", UInt32(2))
      builder.add("llama.rope.freq_base", Float(10_000))
      builder.add("tokenizer.ggml.tokens", ["a", "bc", ""])
      builder.add("some.integers", [1, -2, 3] as [Int32])
      builder.add("a.flag", true)
      builder.add("a.short", Int16(-7))
      builder.addTensor("token_embd.weight", [1, 2, 3])
      builder.addTensor("rope_freqs.weight", [4])
      return [builder.bytes, GGUFBuilder().bytes]
    }, mayThrow: { $0 is GGUFError },
    run: { bytes, _ in
      let model = try GGUFFile(path: file.holding(bytes))
      for key in model.metadata.keys {
        _ = (model.integer(key), model.number(key), model.string(key), model.bool(key))
      }
    })

  /// Every format's answer to whether a file is its own; none may throw or read what is not there.
  static let recognition = FuzzTarget(
    name: "recognise", mostBytes: mostBytes, memory: memory,
    seeds: {
      try capture.seeds() + mlx.seeds().prefix(4) + transformers.seeds().prefix(4) + torch.seeds().prefix(4)
        + lmcache.seeds().prefix(2).map { Array($0.dropFirst()) }
        + llama.seeds().prefix(4).map { Array($0.dropFirst()) }
    }, mutation: { SafetensorsChanges.mutated($0, &$1) }, mayThrow: { _ in false },
    run: { bytes, _ in
      let item = try FormatItem(path: file.holding(bytes))
      let formats: [any CacheFormat] = [
        CaptureFormat(), LlamaSequenceFormat(), LlamaSessionFormat(), MLXFormat(), TransformersFormat(), TorchFormat(),
        LMCacheFormat(), VLLMFormat(), RawFormat(),
      ]
      let names = formats.filter { $0.recognises(item) }.map(\.name)
      guard names.count <= 1 else { throw FuzzFinding("recognise: one file is \(names)") }
    })

  private static let layers = (0..<2).map { MemoryFile("vllm/model.layers.\($0).self_attn.attn.safetensors") }
  private static let folder = String(layers[0].path.dropLast("/model.layers.0.self_attn.attn.safetensors".utf8.count))

  private static func split(_ bytes: [UInt8]) -> [[UInt8]] {
    var input = bytes[...]
    let length = input.prefix(2).reversed().reduce(0) { $0 << 8 | Int($1) }
    input = input.dropFirst(2)
    return [Array(input.prefix(length)), Array(input.dropFirst(length))]
  }

  private static func joined(_ files: [[UInt8]]) -> [UInt8] {
    ContainerParts.little(UInt64(files[0].count), 2) + files[0] + files[1]
  }
}
