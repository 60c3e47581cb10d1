import CKernels

/// What happens to the memory of blocks that are freed.
public enum FreedMemory {
  /// Lets the C library keep freed blocks of up to 256 MiB for the next that ask, for the whole process.
  ///
  /// The codec asks for blocks of the same sizes layer after layer; fetching fresh zeroed pages for each took an eighth
  /// of the time of `fkv compress`. For programs that own their process: a library should not choose this for others.
  public static func keep() { fkv_keep_freed_memory(1 << 28) }

  /// Gives freed blocks back to the system, so that memory in use can be told from memory kept; where the C library
  /// allows it.
  public static func release() { fkv_release_freed_memory() }
}
