/// libFuzzer's and the sanitiser's C functions (FuzzerInterface.h, sanitizer/allocator_interface.h), which Swift has no
/// module for. All arguments are pointers and integers, which Swift and C pass alike.
enum LibFuzzer {
  @_silgen_name("LLVMFuzzerRunDriver")
  static func run(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32

  @_silgen_name("LLVMFuzzerMutate")
  static func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ most: Int) -> Int

  @_silgen_name("__sanitizer_install_malloc_and_free_hooks")
  static func installHooks(
    _ malloc: @convention(c) (UnsafeRawPointer?, Int) -> Void, _ free: @convention(c) (UnsafeRawPointer?) -> Void
  ) -> Int32

  @_silgen_name("__sanitizer_get_allocated_size")
  static func allocatedSize(_ pointer: UnsafeRawPointer?) -> Int
}
