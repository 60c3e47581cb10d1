import Foundation
import Testing

/// A sample of what `make fuzz` does, without libFuzzer and sanitisers: the same targets and changes, the same inputs in
/// every run. `FKV_FUZZ_INPUTS` sets the inputs of each target (default 1000).
@Suite(.serialized) struct FuzzTargetTests {
  private static let inputs = ProcessInfo.processInfo.environment["FKV_FUZZ_INPUTS"].flatMap { Int($0) } ?? 1000

  /// One after the other: targets of one kind share a file.
  @Test(.serialized, arguments: FuzzTargets.all.map(\.name))
  func changedInputsAreRefusedOrDecoded(name: String) throws {
    let target = try #require(FuzzTargets.all.first { $0.name == name })
    let seeds = try target.seeds()
    var corpus = try seeds.filter { try $0.withUnsafeBytes { try target.attempt($0) }.decoded }
    #expect(!corpus.isEmpty, "no seed is decoded")
    #expect(seeds.allSatisfy { $0.count <= target.mostBytes })
    var changes = ByteChanges(seed: UInt64(seeds.count), most: target.mostBytes)
    var outcome = (decoded: 0, refused: 0)
    for _ in 0..<Self.inputs {
      let seed = corpus[changes.number(below: corpus.count)]
      let input = target.mutation?(seed, &changes) ?? changes.changed(seed)
      #expect(input.count <= target.mostBytes)
      if try input.withUnsafeBytes({ try target.attempt($0) }).decoded {
        outcome.decoded += 1
        // What is decoded all the same is a start for changes that lead further.
        if corpus.count < 200 { corpus.append(input) }
      } else {
        outcome.refused += 1
      }
    }
    // A target that refuses everything, or nothing that it may refuse, tests nothing.
    #expect(outcome.decoded > 0)
    #expect(outcome.refused > 0 || ["rans-coding", "bytes", "lz4", "recognise"].contains(name))
  }

  /// A form that is refused whole leads nowhere.
  @Test(.serialized, arguments: ["torch", "mlx", "transformers"]) func everyFormLaidOutByHandIsDecoded(name: String)
    throws
  {
    let target = try #require(FuzzTargets.all.first { $0.name == name })
    let seeds =
      switch name {
      case "torch": TorchSeeds.all()
      case "mlx": MLXSwiftSeeds.all()
      default: ForeignSeeds.stacks
      }
    for (index, seed) in seeds.enumerated() {
      let decoded = try seed.withUnsafeBytes { try target.attempt($0) }.decoded
      #expect(decoded, "\(name) \(index)")
    }
  }

  @Test func namesAreUnique() {
    #expect(Set(FuzzTargets.all.map(\.name)).count == FuzzTargets.all.count)
  }

  @Test func memoryCapsSaturate() {
    let cap = MemoryCap(fixed: 100, perByte: 2, perDeclared: 3)
    #expect(cap.bytes(input: 10, declared: 7) == 141)
    #expect(cap.bytes(input: 0, declared: .max) == .max)
    #expect(cap.bytes(input: 10, declared: .max / 3) == .max)
  }

  @Test func otherErrorsAreFindings() throws {
    struct Other: Error {}
    let target = FuzzTarget(
      name: "t", mostBytes: 8, seeds: { [] }, mayThrow: { $0 is CancellationError },
      run: { bytes, _ in
        if bytes.count == 1 { throw Other() }
        if bytes.count == 8 { throw CancellationError() }
      })
    func attempt(_ count: Int) throws -> Bool {
      try [UInt8](repeating: 0, count: count).withUnsafeBytes { try target.attempt($0) }.decoded
    }
    #expect(throws: FuzzFinding.self) { try attempt(1) }
    let (refused, decoded) = (try attempt(8), try attempt(2))
    #expect(!refused && decoded)
  }
}
