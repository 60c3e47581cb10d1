import CacheCodec
import ComputeKernels
import FKVFormat
import Fidelity
import FlashAttention
import Foundation
import KVCacheModel

/// `fkv bench attention`: one decode step of one layer of profile `fourier`, by attention without reconstruction and by
/// other ways to the same outputs.
public struct AttentionBenchPipeline: Sendable {
  /// An `.fkv` of profile `fourier` or `spectral`, and the layer of it; nil makes layers up.
  public var file: String?
  public var layer = 0
  /// The key of an encrypted file.
  public var key: FileKey?
  /// Tokens of the made-up layers.
  public var tokens: [Int] = [8192, 32_768, 131_072]
  /// Their heads and settings.
  public var kvHeads = 8
  public var queryHeads = 32
  public var headDim = 128
  public var fraction = 0.8
  public var parameters: FourierParameters = {
    var parameters = FourierParameters()
    parameters.window = 1024
    parameters.states = 1024
    return parameters
  }()
  /// Where attention is computed.
  public var device = Device.cpu
  /// Timed runs of each variant, at most; those over a second are timed once.
  public var runs = 15

  /// A kind of processor.
  public enum Device: String, Sendable, CaseIterable {
    case cpu
    /// The first NVIDIA GPU.
    case cuda
  }

  public init() {}

  /// Measures each number of tokens, or the file's layer.
  ///
  /// - Parameter progress: called with the steps done and the steps in all.
  /// - Throws: what is wrong with the file; `FlashAttentionError`; `CUDAError` where `device` cannot be used.
  public func run(progress: (Int, Int) -> Void = { _, _ in }) throws -> [AttentionBenchReport] {
    let hardware: any AttentionBenchDevice = device == .cpu ? AttentionBenchCPU() : try AttentionBenchGPU()
    if let file {
      let problem = try opened(file)
      return [try measure(problem, on: hardware) { progress($0, $1) }]
    }
    return try tokens.enumerated().map { index, count in
      let problem = try AttentionBenchProblem(synthetic: self, tokens: count)
      return try measure(problem, on: hardware) { progress(index * $1 + $0, tokens.count * $1) }
    }
  }

  private func opened(_ file: String) throws -> any AttentionBenchLayer {
    let cache = try NamedFKVCache(path: file, basis: BasisFinder(file: nil), key: key).cache
    let layers = cache.description.geometry.layers
    guard layers.indices.contains(layer), layers[layer].tokens > 0 else {
      throw AttentionBenchFailure.noSuchLayer(layer, layers: layers.count)
    }
    let source = "\(file), layer \(layer)"
    guard cache.header.profile != .lossless else {
      throw FlashAttentionError.wrongProfile(found: .lossless, needed: .fourier)
    }
    return cache.header.profile == .spectral
      ? try SpectralBenchProblem(cache, source: source, layer: layer)
      : try AttentionBenchProblem(cache, source: source, layer: layer)
  }

  private func measure(
    _ problem: any AttentionBenchLayer, on device: any AttentionBenchDevice, progress: (Int, Int) -> Void
  ) throws -> AttentionBenchReport {
    let variants = try device.variants(problem)
    // Checks first; a variant that fails is not timed.
    var peaks: [Int?] = []
    let errors = try variants.enumerated().map { index, variant in
      let (outputs, peak) = try PeakMemory.growth { try variant.run() }
      peaks.append(peak)
      let error = RelativeError.between(outputs, variant.expected)
      progress(index + 1, 2 * variants.count)
      return error
    }
    var times = variants.map { _ in [Double]() }
    var reads: [Double] = []
    for round in 0..<runs {
      for (index, variant) in variants.enumerated() where errors[index] <= AttentionBenchReport.largestError {
        if round > 0, times[index][0] > 1 { continue }
        // The layer's numbers are not in the caches: other layers were read since the last step.
        reads.append(try device.streamSeconds())
        times[index].append(try device.seconds(variant))
      }
      progress(variants.count * (runs + round + 1) / runs, 2 * variants.count)
    }
    return problem.report(
      device: device.name, bandwidth: reads.isEmpty ? 0 : Double(device.streamBytes) / median(reads),
      rows: variants.enumerated().map { index, variant in
        AttentionBenchReport.Row(
          variant: variant.name, milliseconds: times[index].isEmpty ? nil : 1000 * median(times[index]),
          runs: times[index].count, bytesRead: variant.bytesRead,
          peakBytes: device.hasPeaks ? peaks[index] : nil, error: errors[index])
      })
  }

  private func median(_ numbers: [Double]) -> Double { numbers.sorted()[numbers.count / 2] }
}

extension RelativeError {
  /// ‖found − expected‖ / ‖expected‖.
  static func between(_ found: [Float], _ expected: [Double]) -> Double {
    precondition(found.count == expected.count)
    var (difference, size) = (0.0, 0.0)
    for (x, y) in zip(found, expected) {
      difference += (Double(x) - y) * (Double(x) - y)
      size += y * y
    }
    let error = (difference / size).squareRoot()
    return difference == 0 ? 0 : error.isNaN ? .infinity : error
  }
}
