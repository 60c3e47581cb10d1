import ArgumentParser
import CacheCodec

/// The memory limit of commands that decode an `.fkv`.
struct MemoryOption: ParsableArguments {
  @Option(
    name: .customLong("max-memory"),
    help:
      "Memory that decoding a group of layers may take, as 800M or 8G; trusts the file with any work (default: by its size)."
  )
  var most: ByteSize?

  /// The limits for the file; the library's without the option.
  var limits: DecodingLimits { most.map { .trusting(memoryBytes: $0.bytes) } ?? DecodingLimits() }
}

/// `4096`, `800M`, `8G`: bytes, with K, M, G and T for powers of 1024.
struct ByteSize: ExpressibleByArgument, Equatable {
  let bytes: Int

  init?(argument: String) {
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    let shift = argument.last.flatMap { units[$0] }
    let digits = shift == nil ? Substring(argument) : argument.dropLast()
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits) else {
      return nil
    }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0))
    guard !overflow, bytes > 0 else { return nil }
    self.bytes = bytes
  }
}
