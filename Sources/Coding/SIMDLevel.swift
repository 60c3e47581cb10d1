import CKernels

/// How far the kernels may go; every level gives the same bytes and numbers.
enum SIMDLevel: Int32, CaseIterable {
  /// Plain Swift, which defines what the others must give.
  case reference = 0
  /// C without SIMD instructions of its own.
  case portable = 1
  case avx2 = 2
  case avx512 = 3

  /// The level in use: FKV_SIMD's where it is set and this machine has it, else the best; read once.
  static let selected = SIMDLevel(rawValue: fkv_simd_level())!

  /// Every level that this machine has.
  static var available: [SIMDLevel] { allCases.filter { $0.rawValue <= fkv_simd_best() } }
}
