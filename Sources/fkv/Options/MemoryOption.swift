import ArgumentParser
import CacheCodec

/// The memory limit of commands that decode an `.fkv`.
struct MemoryOption: ParsableArguments {
  @Option(
    name: .customLong("max-memory"),
    number: .form("a number of bytes above 0, as 4096, 800M or 8G", ByteSize.init),
    help:
      "Memory that decoding a group of layers may take, as 800M or 8G; trusts the file with any work (default: by its size)."
  )
  var most: ByteSize?

  /// The limits for the file; the library's without the option.
  var limits: DecodingLimits { most.map { .trusting(memoryBytes: $0.bytes) } ?? DecodingLimits() }
}

/// `4096`, `800M`, `8G`: bytes, with K, M, G and T for powers of 1024.
struct ByteSize: Equatable, Sendable {
  let bytes: Int

  init?(_ text: String) {
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    let shift = text.last.flatMap { units[$0] }
    let digits = shift == nil ? Substring(text) : text.dropLast()
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits) else {
      return nil
    }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0))
    guard !overflow, bytes > 0 else { return nil }
    self.bytes = bytes
  }
}
