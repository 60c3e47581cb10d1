import CacheCodec
import KVCacheModel
import SpectralTransform

/// The numbers that the kernels of `fourier.cu` are compiled for.
struct FourierKernels {
  let grid: SpectralGrid
  let groupSize: Int
  let headDim: Int
  /// Q = Q1·Q2.
  let factors: (Int, Int)
  /// Most spectral features of a head, even; and most exact ones.
  let spectral: Int
  let exact: Int
  /// Tokens a thread and tiles a block of the pass over the middle.
  let tokensPerThread: Int
  let tiles: Int

  static let threads = 256

  /// The source, as it lies beside this file.
  static var source: [UInt8] { PackageResources.fourier_cu }

  /// - Throws: `CUDAError.unsuitable`.
  init(keys: FourierFeatures, values: FourierFeatures, geometry: LayerGeometry, grid: SpectralGrid, tokens: Int) throws
  {
    guard grid.isInterpolated else {
      throw CUDAError.unsuitable(
        "the period of \(grid.spectrum.period) tokens has no divisor between 4 and 128 that leaves enough points")
    }
    guard grid.points <= 2560 else { throw CUDAError.unsuitable("\(grid.points) grid points") }
    guard geometry.groupSize <= 8, geometry.headDim <= 256 else {
      throw CUDAError.unsuitable("\(geometry.groupSize) query heads a KV head of dimension \(geometry.headDim)")
    }
    self.grid = grid
    groupSize = geometry.groupSize
    headDim = geometry.headDim
    let n = grid.spectrum.frequencies
    let q2 = (1...64).filter { grid.points % $0 == 0 }.min { left, right in
      4 * ((n + left - 1) / left) + 2 * left < 4 * ((n + right - 1) / right) + 2 * right
    }!
    factors = (grid.points / q2, q2)
    let most = (keys.spectral + values.spectral).map(\.count).max() ?? 0
    spectral = max(2, (most + 1) / 2 * 2)
    exact = max(1, (keys.exact + values.exact).map(\.count).max() ?? 1)
    tokensPerThread = grid.stride >= 16 ? 4 : 2
    // Enough blocks for every multiprocessor, and parts that are worth joining.
    let all = (tokens + Self.threads * tokensPerThread - 1) / (Self.threads * tokensPerThread)
    tiles = min(4, max(1, all / 32))
  }

  var tileTokens: Int { Self.threads * tokensPerThread }

  var defines: [(String, Int)] {
    [
      ("G", groupSize), ("D", headDim), ("N", grid.spectrum.frequencies), ("Q", grid.points), ("R", grid.stride),
      ("ROW", grid.rowLength), ("Q1", factors.0), ("Q2", factors.1), ("SPECTRAL", spectral), ("EXACT", exact),
      ("TPT", tokensPerThread), ("TILES", tiles),
    ]
  }
}
