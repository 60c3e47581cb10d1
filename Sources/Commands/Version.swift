/// The version of this program and library.
public enum FKVVersion {
  /// As `fkv --version` prints it.
  public static let current = "0.1.0"
  /// What headers say wrote a file.
  public static let writer = "fkv \(current)"
}
