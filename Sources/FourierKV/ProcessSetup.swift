import ComputeKernels

/// What a program whose whole work is fkv's does first.
public enum ProcessSetup {
  /// Tunes the process for large blocks that come and go (`FreedMemory`). Call it before anything else, once.
  public static func prepare() { FreedMemory.keep() }
}
