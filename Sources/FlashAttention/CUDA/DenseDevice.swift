import CacheCodec
import KVCacheModel

/// Dense attention over a whole cache in half precision on an NVIDIA GPU, split over tokens (flash decoding), and a
/// measure of the device's memory.
public final class DenseDevice {
  private let driver: CUDADriver
  private let geometry: LayerGeometry
  private let scale: Float
  private let queries: CUDADriver.Address
  private let result: CUDADriver.Address
  private let graph: CUDADriver.Graph
  private let stream: (kernel: CUDADriver.Handle, numbers: CUDADriver.Address, result: CUDADriver.Address)
  private let owned: [CUDADriver.Address]
  /// Bytes that `readStream` reads.
  public static let streamBytes = 1 << 29
  /// Bytes that one step reads.
  public let byteCount: Int

  /// - Throws: `CUDAError`.
  public init(driver: CUDADriver, keys: CacheTensor, values: CacheTensor, geometry: LayerGeometry, scale: Float) throws
  {
    self.driver = driver
    self.geometry = geometry
    self.scale = scale
    let (h, g, d) = (geometry.kvHeads, geometry.groupSize, geometry.headDim)
    // Only the dense kernels are used: the other numbers may be any.
    let defines = [
      ("G", g), ("D", d), ("N", 1), ("Q", 16), ("R", 16), ("ROW", 24), ("Q1", 1), ("Q2", 16), ("SPECTRAL", 4),
      ("EXACT", 1), ("TILES", 1), ("M1", 1),
    ]
    let ptx = try KernelCompiler().compile(
      FourierKernels.source, name: "fourier.cu", defines: defines, capability: driver.capability)
    let module = try driver.load(ptx)
    let rows = (DeviceRows(keys), DeviceRows(values))
    byteCount = 2 * (rows.0.numbers.count + rows.1.numbers.count)
    let parts = RowParts(tokens: geometry.tokens, parts: max(1, 3 * driver.multiprocessors / h))
    func memory(_ floats: Int) throws -> CUDADriver.Address { try driver.allocate(4 * floats) }
    let (queries, result) = try (memory(h * g * d), memory(h * g * d))
    (self.queries, self.result) = (queries, result)
    let (keyNumbers, valueNumbers) = try (driver.upload(rows.0.numbers), driver.upload(rows.1.numbers))
    let (maxima, sums) = try (memory(h * parts.count * g), memory(h * parts.count * g))
    let outputs = try memory(h * parts.count * d * g)
    let (pass, join) = try (driver.kernel("dense", of: module), driver.kernel("denseJoin", of: module))
    stream = try (driver.kernel("streamRead", of: module), driver.allocate(Self.streamBytes), driver.allocate(4))
    owned = [keyNumbers, valueNumbers, maxima, sums, outputs, queries, result, stream.numbers, stream.result]
    graph = try driver.record {
      try driver.launch(
        pass, name: "dense", blocks: (parts.count, h), threads: RowParts.threads,
        [
          .address(keyNumbers), .address(valueNumbers), .address(queries), .integer(parts.tokens),
          .integer(parts.perWarp), .address(maxima), .address(sums), .address(outputs),
        ])
      try driver.launch(
        join, name: "denseJoin", blocks: (h * g, 1), threads: 256, sharedBytes: 4 * parts.count,
        [.integer(parts.count), .address(maxima), .address(sums), .address(outputs), .address(result)])
    }
  }

  deinit { for address in owned { driver.free(address) } }

  /// Puts one query a head, (H·G, D), on the device.
  public func setQueries(_ elements: [Float]) throws { try driver.write(elements.map { $0 * scale }, to: queries) }

  /// Computes one decode step; every query sees every token.
  public func step() throws { try driver.launch(graph) }

  /// The outputs of the last step, (H·G, D).
  public func outputs() throws -> [Float] { try driver.read(result, count: geometry.queryHeads * geometry.headDim) }

  /// Reads `streamBytes` once; returns when the device has been asked to.
  public func readStream() throws {
    try driver.launch(
      stream.kernel, name: "streamRead", blocks: (4096, 1), threads: 256,
      [.address(stream.numbers), .long(Self.streamBytes / 16), .address(stream.result)])
  }
}

extension CUDADriver {
  /// Seconds that the device takes for steps of `body`.
  public func time(_ body: () throws -> Void) throws -> Double { try seconds(body) }
}
