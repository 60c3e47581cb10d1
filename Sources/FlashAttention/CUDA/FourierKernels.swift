import CacheCodec
import KVCacheModel
import SpectralTransform

/// The numbers that the kernels are compiled for.
struct FourierKernels {
  let grid: SpectralGrid
  let groupSize: Int
  let headDim: Int
  /// Q = Q1·Q2.
  let factors: (Int, Int)
  /// Most spectral features of a head, a multiple of 4; and most exact ones.
  let spectral: Int
  let exact: Int
  /// Tiles a block of the pass over the middle, and its parts.
  let tiles: Int
  let middleParts: Int
  /// Columns of grid points a block of `expand`.
  let columns: Int
  /// How sinks and window are shared out.
  let edge: RowParts

  /// The sources, as they lie next to this file, in one.
  static var source: [UInt8] {
    PackageResources.common_cu + PackageResources.rows_cu + PackageResources.fourier_cu + PackageResources.middle_cu
      + PackageResources.close_cu
  }

  /// What a block may have.
  private static let sharedBytes = 48 << 10

  /// - Throws: `CUDAError.unsuitable`.
  init(
    keys: FourierFeatures, values: FourierFeatures, geometry: LayerGeometry, grid: SpectralGrid, tokens: Int,
    multiprocessors: Int = 132
  ) throws {
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
      (n + left - 1) / left + left <= (n + right - 1) / right + right
    }!
    factors = (grid.points / q2, q2)
    guard factors.0 <= 256 else {
      throw CUDAError.unsuitable("\(grid.points) grid points have no factor between \(grid.points / 256) and 64")
    }
    let most = (keys.spectral + values.spectral).map(\.count).max() ?? 0
    spectral = max(4, (most + 3) / 4 * 4)
    exact = max(1, (keys.exact + values.exact).map(\.count).max() ?? 1)
    // All blocks at once, four a multiprocessor.
    let all = (tokens + DeviceTiles.tokens - 1) / DeviceTiles.tokens
    let atOnce = max(1, 4 * multiprocessors / geometry.kvHeads)
    tiles = max(1, (all + atOnce - 1) / atOnce)
    middleParts = (all + tiles - 1) / tiles
    columns = min(8, max(1, (factors.0 * geometry.kvHeads + multiprocessors - 1) / multiprocessors))
    edge = RowParts(tokens: geometry.tokens - tokens, parts: max(1, 2 * multiprocessors / geometry.kvHeads))
    let needed = max(middleShared, closeShared)
    guard needed <= Self.sharedBytes else {
      throw CUDAError.unsuitable("it needs \(needed) bytes of shared memory a block")
    }
  }

  /// Points of the grid that a part of the middle reaches.
  var span: Int { tiles * DeviceTiles.tokens / grid.stride + SpectralGrid.taps + 2 }

  /// Frequencies n = Q2·n1 + n2 of one n2.
  var perFactor: Int { (grid.spectrum.frequencies + factors.1 - 1) / factors.1 }

  /// Bytes that a block of `middle` shares among its threads, with room for what aligns them.
  private var middleShared: Int {
    let row = 4 * groupSize
    let r = grid.stride
    let chunk = r <= 16 ? r : [16, 12, 20, 28].first { r % $0 == 0 } ?? r
    let chunks = (DeviceTiles.tokens + chunk - 2) / chunk + 1
    return row * (exact + 2 * span + chunks * SpectralGrid.taps + DeviceTiles.tokens + 4)
      + 4 * SpectralGrid.taps * (r + 4) + 64
  }

  /// The same of `close`.
  private var closeShared: Int {
    let row = 4 * groupSize
    let sums = max(max(1, 256 / factors.0) * factors.0 * 2, max(1, 512 / spectral) * spectral)
    return 8 * grid.points + row * (sums + 2 * perFactor + middleParts + edge.count) + 64
  }

  var defines: [(String, Int)] {
    [
      ("G", groupSize), ("D", headDim), ("N", grid.spectrum.frequencies), ("Q", grid.points), ("R", grid.stride),
      ("ROW", grid.rowLength), ("Q1", factors.0), ("Q2", factors.1), ("SPECTRAL", spectral), ("EXACT", exact),
      ("TILES", tiles), ("M1", columns),
    ]
  }
}
