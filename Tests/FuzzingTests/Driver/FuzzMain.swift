import FileIO
import Foundation

/// `fkv-fuzz TARGET CORPUS [libFuzzer's options]` puts the target's seeds into the corpus folder and lets libFuzzer
/// run; `fkv-fuzz TARGET FILE` runs one input; `fkv-fuzz` alone lists the targets.
@main enum FuzzMain {
  /// The most processor time that an input may take, in nanoseconds.
  static let timeLimit = 1_000_000_000

  private(set) nonisolated(unsafe) static var target = FuzzTargets.all[0]
  private nonisolated(unsafe) static var slowest = 0
  private nonisolated(unsafe) static var largest = (share: 0.0, peak: 0, cap: 0)

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 2 else {
      for target in FuzzTargets.all { print(target.name) }
      return
    }
    guard let chosen = FuzzTargets.all.first(where: { $0.name == arguments[1] }) else {
      fail("no target '\(arguments[1])'")
    }
    target = chosen
    // One thread, whose memory is counted.
    setenv("FKV_THREADS", "1", 1)
    for (index, seed) in try target.seeds().enumerated() where FolderReader.isFolder(arguments[2]) {
      precondition(seed.count <= target.mostBytes, "\(target.name): seed \(index) has \(seed.count) bytes")
      try Data(seed).write(to: URL(fileURLWithPath: "\(arguments[2])/seed-\(index)"))
    }
    var words = [arguments[0], "-max_len=\(target.mostBytes)"] + arguments[2...]
    MemoryMeter.install()
    atexit {
      let most = FuzzMain.largest
      FuzzMain.say("slowest \(FuzzMain.slowest / 1000) us; memory \(most.peak) of \(most.cap) bytes")
    }
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    words = []
    var count = Int32(pointers.count - 1)
    pointers.withUnsafeMutableBufferPointer { pointers in
      var base = pointers.baseAddress
      exit(LibFuzzer.run(&count, &base) { data, size in FuzzMain.runOne(data, size) })
    }
  }

  /// Runs one input; a finding ends the process, and libFuzzer keeps the input.
  private static func runOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let input = UnsafeRawBufferPointer(start: data, count: size)
    let start = MemoryMeter.processorTime()
    MemoryMeter.reset()
    do {
      let declared = try target.attempt(input).declared
      let peak = MemoryMeter.peak
      let cap = target.memory.bytes(input: size, declared: declared)
      let share = Double(peak) / Double(cap)
      if share > largest.share { largest = (share, peak, cap) }
      guard peak <= cap else {
        fail("\(target.name): \(peak) bytes lived for \(size) bytes that declare \(declared); at most \(cap) may")
      }
    } catch { fail(error.description) }
    let time = MemoryMeter.processorTime() - start
    slowest = max(slowest, time)
    guard time <= timeLimit else { fail("\(target.name): \(time / 1_000_000) ms of processor time") }
    return 0
  }

  private static func fail(_ text: String) -> Never {
    say("FINDING \(text)")
    abort()
  }

  private static func say(_ text: String) { FileHandle.standardError.write(Data("fkv-fuzz: \(text)\n".utf8)) }
}

/// libFuzzer's hook for changes that know the input's structure.
@_cdecl("LLVMFuzzerCustomMutator")
func customMutator(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ most: Int, _ seed: UInt32) -> Int {
  guard let mutation = FuzzMain.target.mutation else { return LibFuzzer.mutate(data, size, most) }
  var changes = ByteChanges(seed: UInt64(seed), most: most) { bytes, most in
    var copy = bytes + [UInt8](repeating: 0, count: max(most - bytes.count, 1))
    let count = copy.withUnsafeMutableBufferPointer { LibFuzzer.mutate($0.baseAddress!, bytes.count, max(most, 1)) }
    return Array(copy.prefix(count))
  }
  let changed = mutation(Array(UnsafeBufferPointer(start: data, count: size)), &changes)
  guard changed.count <= most else { return LibFuzzer.mutate(data, size, most) }
  for (index, byte) in changed.enumerated() { data[index] = byte }
  return changed.count
}
