#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Zeroed memory at a multiple of 64 bytes, a value that is copied when it is written and shared.
struct AlignedBytes: @unchecked Sendable {
  private final class Block {
    let base: UnsafeMutableRawPointer
    let count: Int

    init(count: Int) {
      self.count = count
      var pointer: UnsafeMutableRawPointer?
      precondition(posix_memalign(&pointer, 64, max(count, 64)) == 0, "out of memory")
      base = pointer!
      memset(base, 0, max(count, 64))
    }

    deinit { free(base) }
  }

  private var block: Block

  init(count: Int) { block = Block(count: count) }

  var count: Int { block.count }

  /// The same bytes at the start of `count`, zeros after them.
  mutating func grow(to count: Int) {
    guard count > block.count else { return }
    let larger = Block(count: count)
    memcpy(larger.base, block.base, block.count)
    block = larger
  }

  func withBytes<Result>(_ body: (UnsafeRawPointer) throws -> Result) rethrows -> Result {
    defer { withExtendedLifetime(block) {} }
    return try body(UnsafeRawPointer(block.base))
  }

  mutating func withMutableBytes<Result>(_ body: (UnsafeMutableRawPointer) throws -> Result) rethrows -> Result {
    if !isKnownUniquelyReferenced(&block) {
      let own = Block(count: block.count)
      memcpy(own.base, block.base, block.count)
      block = own
    }
    return try body(block.base)
  }
}
