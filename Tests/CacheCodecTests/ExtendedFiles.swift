import CacheCodec
import FKVFormat
import FileIO
import Foundation
import KVCacheModel
import TestSupport

/// Files that are made of a cache's first tokens and extended by the others.
struct ExtendedFiles {
  let scratch = ScratchFolder()

  var path: String { scratch.file("c.fkv") }

  func make(_ cache: MemoryCache, _ method: CacheEncoder.Method) throws {
    _ = try CacheEncoder(method, writer: "test").encode(cache, to: path)
  }

  @discardableResult
  func extend(by addition: MemoryCache, unchecked: Bool = false) throws -> CacheExtender.Outcome {
    try CacheExtender(FKVCache(path: path), with: addition, writer: "test 2", unchecked: unchecked).write(to: path)
  }

  func bytes() throws -> [UInt8] {
    let file = try FileReader(path: path)
    return try file.read(at: 0, count: file.byteCount)
  }

  /// Sections other than header and token ids with their stored bytes.
  func sections() throws -> [(entry: SectionEntry, payload: [UInt8])] {
    let reader = try FKVReader(path: path)
    return try reader.sections.filter { $0.kind != .header && $0.kind != .tokens }
      .map { ($0, try reader.payload(of: $0)) }
  }

  func decoded() throws -> MemoryCache { try FKVCache(path: path).decodeAll() }

  static func spectral(
    step: Double = 0.2, sinks: Int = 2, window: Int? = 8, coding: SpectralParameters.WindowCoding = .fine,
    basis: BasisSource = .embedded, exact: Double = 0, windowSteps: WindowSteps? = nil
  ) -> CacheEncoder.Method {
    var parameters = SpectralParameters()
    parameters.rate = .step(step)
    parameters.sinks = sinks
    parameters.window = window
    parameters.windowCoding = coding
    parameters.basis = basis
    parameters.blockLength = 4
    parameters.segmentTokens = 16
    parameters.exactFraction = exact
    parameters.windowSteps = windowSteps
    return .spectral(parameters)
  }

  static func fourier(
    period: Int?, reconstruction: FourierReconstruction = .projection, coefficients: ElementType = .float32,
    fraction: Double = 0.5
  ) -> CacheEncoder.Method {
    var parameters = FourierParameters()
    parameters.sinks = 2
    parameters.window = 6
    parameters.states = 8
    parameters.keyFraction = fraction
    parameters.valueFraction = fraction
    parameters.period = period
    parameters.reconstruction = reconstruction
    parameters.coefficientType = coefficients
    return .fourier(parameters)
  }
}
