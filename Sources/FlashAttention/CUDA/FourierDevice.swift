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
  private let owned: [CUDADriver.Address]

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
      keys: features.0, values: features.1, geometry: geometry, grid: SpectralGrid(spectrum), tokens: keys.middle,
      multiprocessors: driver.multiprocessors)
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
    let (grid, n) = (kernels.grid, kernels.grid.spectrum.frequencies)
    let middle = (DeviceTiles(parts.keys, features.keys), DeviceTiles(parts.values, features.values))
    let edge = (DeviceRows(parts.keys.edge), DeviceRows(parts.values.edge))
    let coefficients = (
      Self.keyCoefficients(features.keys, kernels), Self.valueCoefficients(features.values, kernels)
    )
    byteCount =
      2 * (coefficients.0.count + coefficients.1.count + middle.0.numbers.count + middle.1.numbers.count)
      + 2 * (edge.0.numbers.count + edge.1.numbers.count)

    let (middleParts, edgeParts) = (kernels.middleParts, kernels.edge.count)
    var addresses: [CUDADriver.Address] = []
    func memory(_ floats: Int) throws -> CUDADriver.Address {
      let address = try driver.allocate(4 * floats)
      addresses.append(address)
      return address
    }
    func upload<Number>(_ numbers: [Number]) throws -> CUDADriver.Address {
      let address = try driver.upload(numbers)
      addresses.append(address)
      return address
    }
    let queries = try (memory(h * g * kernels.spectral), memory(h * g * kernels.exact), memory(h * g * d))
    queryAddresses = queries
    let result = try memory(h * g * d)
    self.result = result

    let (keyCoefficients, valueCoefficients) = try (upload(coefficients.0), upload(coefficients.1))
    let (middleKeys, middleValues) = try (upload(middle.0.numbers), upload(middle.1.numbers))
    let (edgeKeys, edgeValues) = try (upload(edge.0.numbers), upload(edge.1.numbers))
    let (shapes, places) = try (upload(Self.shapes(middle)), upload(Self.places(features.values, of: d)))
    let corrections = try upload(grid.corrections)
    // By tap.
    let weights = try upload(
      (0..<SpectralGrid.taps).flatMap { j in (0..<grid.stride).map { grid.weights[$0 * SpectralGrid.taps + j] } })
    let turns = try upload(
      (0..<grid.points).flatMap { k -> [Float] in
        let turn = UnitAngle(k, of: grid.points)
        return [Float(turn.cosine), Float(turn.sine)]
      })
    let (projections, points) = try (memory(h * g * 2 * n), memory(h * g * grid.rowLength))
    let (maxima, sums) = try (memory(h * middleParts * g), memory(h * middleParts * g))
    let outputs = try memory(h * middleParts * kernels.exact * g)
    let spreads = try memory(h * middleParts * g * kernels.span)
    let (edgeMaxima, edgeSums) = try (memory(h * edgeParts * g), memory(h * edgeParts * g))
    let edgeOutputs = try memory(h * edgeParts * d * g)
    let (partial, counters) = try (memory(h * kernels.factors.1 * d * g), memory(h))
    func kernel(_ name: String) throws -> CUDADriver.Handle { try driver.kernel(name, of: module) }
    let (begin, expand, pass, close) = try (kernel("begin"), kernel("expand"), kernel("middle"), kernel("close"))
    owned = addresses
    let projected = RowParts.warps * (32 / g)
    graph = try driver.record {
      try driver.launch(
        begin, name: "begin", blocks: (edgeParts + (2 * n + projected - 1) / projected, h), threads: RowParts.threads,
        [
          .address(edgeKeys), .address(edgeValues), .address(queries.2), .integer(kernels.edge.tokens),
          .integer(kernels.edge.perWarp), .integer(edgeParts), .address(edgeMaxima), .address(edgeSums),
          .address(edgeOutputs), .address(keyCoefficients), .address(queries.0), .address(corrections),
          .address(projections),
        ])
      try driver.launch(
        expand, name: "expand", blocks: ((kernels.factors.0 + kernels.columns - 1) / kernels.columns, h), threads: 256,
        [.address(projections), .address(turns), .address(points)])
      try driver.launch(
        pass, name: "middle", blocks: (middleParts, h), threads: 128,
        [
          .address(middleKeys), .address(middleValues), .address(shapes), .address(queries.1), .address(points),
          .address(weights), .integer(parts.keys.middle), .address(maxima), .address(sums), .address(outputs),
          .address(spreads),
        ])
      try driver.launch(
        close, name: "close", blocks: (kernels.factors.1, h), threads: 256,
        sharedBytes: 4 * g * (middleParts + edgeParts),
        [
          .integer(middleParts), .integer(edgeParts), .address(places), .address(maxima), .address(sums),
          .address(outputs), .address(spreads), .address(edgeMaxima), .address(edgeSums), .address(edgeOutputs),
          .address(valueCoefficients), .address(corrections), .address(turns), .address(partial), .address(counters),
          .address(result),
        ])
    }
  }

  deinit { for address in owned { driver.free(address) } }

  /// Puts one query a head, (H·G, D), on the device.
  public func setQueries(_ queries: [Float]) throws {
    let (d, g) = (geometry.headDim, geometry.groupSize)
    precondition(queries.count == geometry.queryHeads * d)
    let scaled = queries.map { $0 * scale }
    // By query head and element, and by KV head, element and query head.
    var spectral = [Float](repeating: 0, count: geometry.queryHeads * kernels.spectral)
    var exact = [Float](repeating: 0, count: geometry.queryHeads * kernels.exact)
    for head in 0..<geometry.queryHeads {
      let (own, member) = (head / g, head % g)
      for (place, i) in keys.spectral[own].enumerated() {
        spectral[head * kernels.spectral + place] = scaled[head * d + i]
      }
      for (place, i) in keys.exact[own].enumerated() {
        exact[(own * kernels.exact + place) * g + member] = scaled[head * d + i]
      }
    }
    try driver.write(spectral, to: queryAddresses.spectral)
    try driver.write(exact, to: queryAddresses.exact)
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

  /// For each head and element its place among the exact ones, or −1 − its place among the spectral ones.
  private static func places(_ features: FourierFeatures, of headDim: Int) -> [Int32] {
    zip(features.exact, features.spectral).flatMap { exact, spectral -> [Int32] in
      var places = [Int32](repeating: 0, count: headDim)
      for (place, element) in exact.enumerated() { places[element] = Int32(place) }
      for (place, element) in spectral.enumerated() { places[element] = Int32(-1 - place) }
      return places
    }
  }

  /// Coefficients in half precision, [head][2N][SPECTRAL].
  private static func keyCoefficients(_ features: FourierFeatures, _ kernels: FourierKernels) -> [UInt16] {
    let (states, width) = (2 * kernels.grid.spectrum.frequencies, kernels.spectral)
    let halves = HalfPrecision.narrow(features.coefficients)
    var result = [UInt16](repeating: 0, count: features.columns.count * states * width)
    for (head, columns) in features.columns.enumerated() {
      for state in 0..<states {
        let target = (head * states + state) * width
        let source = state * features.count
        result.replaceSubrange(
          target..<target + columns.count,
          with: halves[source + columns.lowerBound..<source + columns.upperBound])
      }
    }
    return result
  }

  /// The same by n = Q2·n1 + n2, [head][n2][n1][2][SPECTRAL].
  private static func valueCoefficients(_ features: FourierFeatures, _ kernels: FourierKernels) -> [UInt16] {
    let byState = keyCoefficients(features, kernels)
    let (n, width, q2) = (kernels.grid.spectrum.frequencies, kernels.spectral, kernels.factors.1)
    var result = [UInt16](repeating: 0, count: features.columns.count * q2 * kernels.perFactor * 2 * width)
    for head in features.columns.indices {
      for k in 0..<n {
        let target = ((head * q2 + k % q2) * kernels.perFactor + k / q2) * 2 * width
        let source = (head * n + k) * 2 * width
        result.replaceSubrange(target..<target + 2 * width, with: byState[source..<source + 2 * width])
      }
    }
    return result
  }
}
