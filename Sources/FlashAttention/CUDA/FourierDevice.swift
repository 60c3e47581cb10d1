import CacheCodec
import ComputeKernels
import KVCacheModel
import SpectralTransform

/// One layer of profile `fourier` on an NVIDIA GPU: one decode step is one launch of a recorded graph.
///
/// Coefficients and exact numbers are kept in half precision there, sums are in single precision. Other types of the
/// cache are rounded to half precision.
public final class FourierDevice {
  let driver: CUDADriver
  /// Bytes of coefficients, exact features, sinks and window on the device.
  public let byteCount: Int
  private let geometry: LayerGeometry
  private let scale: Float
  private let keys: FourierFeatures
  private let kernels: FourierKernels
  private let queryAddresses: (spectral: CUDADriver.Address, exact: CUDADriver.Address, whole: CUDADriver.Address)
  private let result: CUDADriver.Address
  private let graph: CUDADriver.Graph

  /// - Throws: `CUDAError` where there is no GPU or the layer does not suit; `FlashAttentionError.unequalParts`.
  public convenience init(
    driver: CUDADriver, keys: FourierParts, values: FourierParts, geometry: LayerGeometry, scale: Float,
    softcap: Float? = nil
  ) throws {
    guard let spectrum = keys.spectrum, let other = values.spectrum, keys.middle > 0 else {
      throw CUDAError.unsuitable("keys and values must both have spectral features")
    }
    guard spectrum.period == other.period, spectrum.frequencies == other.frequencies else {
      throw FlashAttentionError.unequalParts(keys: "\(spectrum)", values: "\(other)")
    }
    guard softcap == nil else { throw CUDAError.unsuitable("its scores are capped") }
    guard geometry.slidingWindow == nil else { throw CUDAError.unsuitable("it has a sliding window") }
    let features = (FourierFeatures(keys, geometry), FourierFeatures(values, geometry))
    let kernels = try FourierKernels(
      keys: features.0, values: features.1, geometry: geometry, grid: SpectralGrid(spectrum), tokens: keys.middle)
    let ptx = try KernelCompiler().compile(
      FourierKernels.source, name: "fourier.cu", defines: kernels.defines, capability: driver.capability)
    try self.init(
      driver, parts: (keys, values), features: features, kernels: kernels, module: driver.load(ptx),
      geometry: geometry, scale: scale)
  }

  private init(
    _ driver: CUDADriver, parts: (keys: FourierParts, values: FourierParts),
    features: (keys: FourierFeatures, values: FourierFeatures), kernels: FourierKernels, module: CUDADriver.Module,
    geometry: LayerGeometry, scale: Float
  ) throws {
    self.driver = driver
    self.geometry = geometry
    self.scale = scale
    self.kernels = kernels
    keys = features.keys
    let (h, g, d) = (geometry.kvHeads, geometry.groupSize, geometry.headDim)
    let (grid, n, q) = (kernels.grid, kernels.grid.spectrum.frequencies, kernels.grid.points)
    let middle = (
      DeviceTiles(middle: parts.keys, features.keys, tileTokens: kernels.tileTokens),
      DeviceTiles(middle: parts.values, features.values, tileTokens: kernels.tileTokens)
    )
    let edge = (
      DeviceTiles(parts.keys.edge, tileTokens: FourierKernels.threads),
      DeviceTiles(parts.values.edge, tileTokens: FourierKernels.threads)
    )
    let coefficients = (
      Self.coefficients(features.keys, kernels, byFeature: false),
      Self.coefficients(features.values, kernels, byFeature: true)
    )
    byteCount =
      2 * (coefficients.0.count + coefficients.1.count + middle.0.numbers.count + middle.1.numbers.count)
      + 2 * (edge.0.numbers.count + edge.1.numbers.count)

    let (spectral, exact) = (kernels.spectral, kernels.exact)
    let edgeTokens = parts.keys.sinks + parts.keys.window
    let splitTokens = kernels.tiles * kernels.tileTokens
    let middleParts = (parts.keys.middle + splitTokens - 1) / splitTokens
    let edgeParts = (edgeTokens + FourierKernels.threads - 1) / FourierKernels.threads
    let span = splitTokens / grid.stride + SpectralGrid.taps + 2
    func memory(_ floats: Int) throws -> CUDADriver.Address { try driver.allocate(4 * floats) }
    let queries = try (memory(h * g * spectral), memory(h * g * exact), memory(h * g * d))
    queryAddresses = queries
    let result = try memory(h * g * d)
    self.result = result

    let keyCoefficients = try driver.upload(coefficients.0)
    let valueCoefficients = try driver.upload(coefficients.1)
    let (middleKeys, middleValues) = try (driver.upload(middle.0.numbers), driver.upload(middle.1.numbers))
    let (edgeKeys, edgeValues) = try (driver.upload(edge.0.numbers), driver.upload(edge.1.numbers))
    let middleShapes = try driver.upload(Self.shapes(middle))
    let edgeShapes = try driver.upload(Self.shapes(edge))
    let places = try driver.upload(Self.places(features.values.exact, of: d))
    let elements = try driver.upload(
      features.values.spectral.flatMap { own in own.map(Int32.init) + Array(repeating: -1, count: spectral - own.count)
      })
    let corrections = try driver.upload(grid.corrections)
    let weights = try driver.upload(grid.weights)
    let turns = try driver.upload(
      (0..<q).flatMap { k -> [Float] in
        let turn = UnitAngle(k, of: q)
        return [Float(turn.cosine), Float(turn.sine)]
      })
    let (projections, points) = try (memory(h * g * 2 * n), memory(h * g * grid.rowLength))
    let (maxima, sums) = try (memory(h * middleParts * g), memory(h * middleParts * g))
    let (outputs, spreads) = try (memory(h * middleParts * exact * g), memory(h * middleParts * g * span))
    let (edgeMaxima, edgeSums) = try (memory(h * edgeParts * g), memory(h * edgeParts * g))
    let edgeOutputs = try memory(h * edgeParts * d * g)
    let (gathered, states) = try (memory(h * g * q), memory(h * g * 2 * n))
    func kernel(_ name: String) throws -> CUDADriver.Handle { try driver.kernel(name, of: module) }
    let (project, expand, pass, edgePass, combine, gather, finish) = try (
      kernel("project"), kernel("expand"), kernel("middle"), kernel("edge"), kernel("combine"), kernel("gather"),
      kernel("finish")
    )
    graph = try driver.record {
      try driver.launch(
        project, name: "project", blocks: ((2 * n + 7) / 8, h),
        [.address(keyCoefficients), .address(queries.0), .address(projections)])
      try driver.launch(
        expand, name: "expand", blocks: (h * g, 8),
        [.address(projections), .address(corrections), .address(turns), .address(points)])
      try driver.launch(
        pass, name: "middle", blocks: (middleParts, h),
        [
          .address(middleKeys), .address(middleValues), .address(middleShapes), .address(queries.1), .address(points),
          .address(weights), .integer(parts.keys.middle), .integer(kernels.tiles), .address(maxima), .address(sums),
          .address(outputs), .address(spreads),
        ])
      if edgeParts > 0 {
        try driver.launch(
          edgePass, name: "edge", blocks: (edgeParts, h),
          [
            .address(edgeKeys), .address(edgeValues), .address(edgeShapes), .address(queries.2), .address(points),
            .address(weights), .integer(edgeTokens), .integer(1), .address(edgeMaxima), .address(edgeSums),
            .address(edgeOutputs), .address(spreads),
          ])
      }
      try driver.launch(
        combine, name: "combine", blocks: (h * g, 1), sharedBytes: 4 * (middleParts + edgeParts),
        [
          .integer(middleParts), .integer(edgeParts), .integer(splitTokens), .address(middleShapes), .address(places),
          .address(maxima), .address(sums), .address(outputs), .address(spreads), .address(edgeMaxima),
          .address(edgeSums), .address(edgeOutputs), .address(gathered), .address(result),
        ])
      try driver.launch(
        gather, name: "gather", blocks: (h * g, 8),
        [.address(gathered), .address(corrections), .address(turns), .address(states)])
      try driver.launch(
        finish, name: "finish", blocks: ((spectral + 7) / 8, h),
        [.address(valueCoefficients), .address(states), .address(elements), .address(result)])
    }
  }

  /// Puts one query a head, (H·G, D), on the device.
  public func setQueries(_ queries: [Float]) throws {
    let (d, g) = (geometry.headDim, geometry.groupSize)
    precondition(queries.count == geometry.queryHeads * d)
    let scaled = queries.map { $0 * scale }
    func chosen(_ elements: [[Int]], width: Int) -> [Float] {
      (0..<geometry.queryHeads).flatMap { head -> [Float] in
        let own = elements[head / g]
        return own.map { scaled[head * d + $0] } + Array(repeating: 0, count: width - own.count)
      }
    }
    try driver.write(chosen(keys.spectral, width: kernels.spectral), to: queryAddresses.spectral)
    try driver.write(chosen(keys.exact, width: kernels.exact), to: queryAddresses.exact)
    try driver.write(scaled, to: queryAddresses.whole)
  }

  /// Computes one decode step; every query sees every token.
  public func step() throws { try driver.launch(graph) }

  /// The outputs of the last step, (H·G, D).
  public func outputs() throws -> [Float] { try driver.read(result, count: geometry.queryHeads * geometry.headDim) }

  /// For each head: key features, value features, and where its keys and values begin.
  static func shapes(_ tiles: (DeviceTiles, DeviceTiles)) -> [Int32] {
    tiles.0.features.indices.flatMap {
      [tiles.0.features[$0], tiles.1.features[$0], tiles.0.starts[$0], tiles.1.starts[$0]].map(Int32.init)
    }
  }

  /// For each head and element its place among the exact ones, −1 where it is spectral.
  private static func places(_ exact: [[Int]], of headDim: Int) -> [Int32] {
    exact.flatMap { own -> [Int32] in
      var places = [Int32](repeating: -1, count: headDim)
      for (place, element) in own.enumerated() { places[element] = Int32(place) }
      return places
    }
  }

  /// Coefficients in half precision, [head][2N][SPECTRAL], or [head][SPECTRAL][2N].
  private static func coefficients(
    _ features: FourierFeatures, _ kernels: FourierKernels, byFeature: Bool
  ) -> [UInt16] {
    let (states, width) = (2 * kernels.grid.spectrum.frequencies, kernels.spectral)
    let halves = HalfPrecision.narrow(features.coefficients)
    var result = [UInt16](repeating: 0, count: features.columns.count * states * width)
    for (head, columns) in features.columns.enumerated() {
      for state in 0..<states {
        for (place, column) in columns.enumerated() {
          let index = byFeature ? (head * width + place) * states + state : (head * states + state) * width + place
          result[index] = halves[state * features.count + column]
        }
      }
    }
    return result
  }
}
