import FileIO
import KVCacheModel

@testable import Interchange

/// Files of other programs, and captures.
enum ForeignTargets {
  static let all = [
    safetensors, capture, mlx, transformers, torch, llama, lmcache, vllm, raw, gguf, recognition,
  ]

  /// The header alone, and every tensor's bytes.
  static let safetensors = FuzzTarget(
    name: "safetensors", mostBytes: 2048,
    seeds: {
      try [SampleFiles.file("\(SampleFiles.foreign)/official.safetensors")]
        + ForeignSeeds.samples("mlx", ".safetensors", most: 2048)
        + ForeignSeeds.samples("transformers", ".safetensors", most: 2048)
    }, mutation: { SafetensorsChanges.mutated($0, &$1) }, mayThrow: { $0 is SafetensorsError },
    run: { bytes, _ in
      let file = try SafetensorsFile(BorrowedSource(bytes))
      for name in file.names {
        let tensor = try file.tensor(name)
        guard try file.read(name).count == tensor.byteCount, tensor.fileRange.upperBound <= bytes.count else {
          throw FuzzFinding("safetensors: \(tensor)")
        }
      }
    })

  static let capture = target(
    CaptureFormat(), mutation: { SafetensorsChanges.mutated($0, &$1) },
    seeds: { try ForeignSeeds.caches.map { try ForeignSeeds.written(CaptureFormat(), $0) } })

  static let mlx = target(
    MLXFormat(), mutation: { SafetensorsChanges.mutated($0, &$1) },
    seeds: {
      try ForeignSeeds.samples("mlx", ".safetensors", most: mostBytes)
        + ForeignSeeds.caches.prefix(3).map { try ForeignSeeds.written(MLXFormat(), $0) } + MLXSwiftSeeds.all()
    })

  static let transformers = target(
    TransformersFormat(), mutation: { SafetensorsChanges.mutated($0, &$1) },
    seeds: { try ForeignSeeds.samples("transformers", ".safetensors", most: mostBytes) + ForeignSeeds.stacks })

  static let torch = target(
    TorchFormat(), mutation: { ArchiveChanges.mutated($0, &$1) },
    seeds: {
      let files = try ForeignSeeds.samples("torch", ".pt", most: mostBytes)
      return files + files.compactMap { ArchiveChanges.entries(of: $0).map(ArchiveChanges.archive) }
        + TorchSeeds.all()
    })

  /// Sequence and session files; the first byte says what is known of the model.
  static let llama = FuzzTarget(
    name: "llama", mostBytes: 1 + mostBytes, memory: memory,
    seeds: {
      let sessions = LlamaStateFormat.Container.session.writableVersions
      let sequences = LlamaStateFormat.Container.sequence.writableVersions
      let files =
        try ForeignSeeds.llama(LlamaSequenceFormat(), versions: sequences)
        + ForeignSeeds.llama(LlamaSessionFormat(), versions: sessions)
      // What follows the tokens is a buffer as llama.cpp hands it out.
      let buffers = files.compactMap { bytes -> [UInt8]? in
        let tokens = Int(bytes[8..<12].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        return 12 + 4 * tokens < bytes.count ? Array(bytes[(12 + 4 * tokens)...]) : nil
      }
      let marked = buffers.map { [0xD8, 0x3C, 0x14, 0xAF, 0, 0, 0, 0] + $0 }
      return (files + buffers + marked).filter { $0.count <= mostBytes }.flatMap { bytes in [0, 5].map { [$0] + bytes }
      }
    }, mayThrow: { ForeignReading.mayThrow($0) },
    run: { bytes, declared in
      var input = FuzzInput(bytes)
      let choices = input.byte()
      let path = file.holding(input.rest)
      let item = try FormatItem(path: path)
      let format: any CacheFormat = LlamaSessionFormat().recognises(item) ? LlamaSessionFormat() : LlamaSequenceFormat()
      var supplied = SuppliedFacts()
      if choices & 1 == 0 { supplied.kvHeads = 1 + choices >> 5 } else { supplied.headDim = 1 + choices >> 5 }
      if choices & 2 != 0 { supplied.sequence = Int32(choices >> 4) }
      if choices & 4 != 0 { supplied.cellsAreRotated = choices & 8 != 0 }
      try ForeignReading.readAll(format, path, supplied, &declared)
    })

  /// A chunk; the first byte says what is known of the model.
  static let lmcache = FuzzTarget(
    name: "lmcache", mostBytes: 1 + mostBytes, memory: memory,
    seeds: {
      try ["half", "bfloat"].flatMap { try ForeignSeeds.samples("lmcache/\($0)", ".data", most: mostBytes) }
        .flatMap { bytes in [0x10, 0x71].map { [$0] + bytes } }
    }, mayThrow: { ForeignReading.mayThrow($0) },
    run: { bytes, declared in
      var input = FuzzInput(bytes)
      let choices = input.byte()
      var supplied = SuppliedFacts()
      if choices & 1 == 0 { supplied.kvHeads = 1 + choices >> 4 } else { supplied.headDim = 1 + choices >> 4 }
      if choices & 2 != 0 { supplied.tokens = [1, 2, 3, 4] }
      try ForeignReading.readAll(LMCacheFormat(), chunk.holding(input.rest), supplied, &declared)
    })

  /// Numbers without a header; the first bytes say what the user says of them.
  static let raw = FuzzTarget(
    name: "raw", mostBytes: 1024, memory: memory,
    seeds: { [[0, 0, 2, 2, 3, 5, 4] + [UInt8](repeating: 0x3C, count: 480), [1, 4, 2, 1, 1, 1, 1, 0, 0, 0, 0]] },
    mayThrow: { ForeignReading.mayThrow($0) },
    run: { bytes, declared in
      var input = FuzzInput(bytes)
      var supplied = SuppliedFacts()
      supplied.elementType = ElementType.allCases[input.byte() % 3]
      let layouts = ["LCHTD", "LCTHD", "CLTHD", "TLCHD", "CHTD", "THDC", "", "LCHTT", "HCTD", "LLCHTD"]
      supplied.axes = layouts[input.byte() % layouts.count]
      supplied.shape = supplied.axes!.map { _ in
        let size = input.byte()
        return size > 250 ? Int(truncatingIfNeeded: ByteChanges.numbers[size % ByteChanges.numbers.count]) : size
      }
      try ForeignReading.readAll(RawFormat(), file.holding(input.rest), supplied, &declared)
    })

  static let mostBytes = 4096
  static let memory = MemoryCap()
  static let file = MemoryFile("foreign/cache.bin")
  private static let chunk = MemoryFile("chunk/org-SEP-tiny@1@0@44ea817d9387da2c@half.data")

  private static func target(
    _ format: any CacheFormat, mutation: @escaping @Sendable ([UInt8], inout ByteChanges) -> [UInt8],
    seeds: @escaping @Sendable () throws -> [[UInt8]]
  ) -> FuzzTarget {
    FuzzTarget(
      name: format.name, mostBytes: mostBytes, memory: memory, seeds: seeds, mutation: mutation,
      mayThrow: { ForeignReading.mayThrow($0) },
      run: { bytes, declared in
        try ForeignReading.readAll(format, file.holding(bytes), SuppliedFacts(), &declared)
      })
  }
}
