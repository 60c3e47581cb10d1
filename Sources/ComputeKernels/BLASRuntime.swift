import CKernels
import COpenBLAS

/// How OpenBLAS runs here: one thread a call, with the best kernels that the processor can take.
enum BLASRuntime {
  /// Sets OpenBLAS up at its first use; reading it again costs nothing.
  static let ready: Void = {
    fkv_choose_blas_kernels()
    openblas_set_num_threads(1)
  }()
}
