import COpenBLAS

/// How OpenBLAS runs here: one thread a call, since callers parallelise over layers and heads.
enum BLASRuntime {
  /// Sets OpenBLAS up at the first call; later calls cost nothing.
  static func prepare() { precondition(isReady) }

  // A value that is used: the optimiser drops a global's initialiser whose result nobody reads.
  private static let isReady: Bool = {
    openblas_set_num_threads(1)
    return true
  }()
}
