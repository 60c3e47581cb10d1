import CacheCodec
import ComputeKernels
import FlashAttention
import KVCacheModel

/// What computes the variants of `fkv bench attention`, and measures itself.
protocol AttentionBenchDevice {
  var name: String { get }
  /// Whether the process's memory is what a variant takes.
  var hasPeaks: Bool { get }
  /// The ways to attend over a layer; ours first.
  func variants(_ problem: any AttentionBenchLayer) throws -> [AttentionBenchVariant]
  /// How long one step takes.
  func seconds(_ variant: AttentionBenchVariant) throws -> Double
  /// Bytes that `streamSeconds` reads, more than any cache holds, and how long that takes.
  var streamBytes: Int { get }
  func streamSeconds() throws -> Double
}

/// All cores of the processor.
struct AttentionBenchCPU: AttentionBenchDevice {
  private let stream = StreamingRead(byteCount: 1 << 28)

  let hasPeaks = true
  var name: String { "CPU, \(ParallelLoop.width) threads" }
  var streamBytes: Int { stream.byteCount }

  func variants(_ problem: any AttentionBenchLayer) throws -> [AttentionBenchVariant] { try problem.variants }

  func seconds(_ variant: AttentionBenchVariant) throws -> Double {
    try elapsed { _ = try variant.step() }
  }

  func streamSeconds() throws -> Double {
    elapsed { precondition(stream.run() > 0) }
  }

  private func elapsed(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    let duration = (ContinuousClock.now - start).components
    return Double(duration.seconds) + 1e-18 * Double(duration.attoseconds)
  }
}

/// The first NVIDIA GPU, by its own clock; queries and outputs stay on it.
final class AttentionBenchGPU: AttentionBenchDevice {
  private let driver: CUDADriver
  private var dense: DenseDevice?

  init() throws { driver = try CUDADriver() }

  let hasPeaks = false
  var name: String { driver.deviceName }
  var streamBytes: Int { DenseDevice.streamBytes }

  func variants(_ problem: any AttentionBenchLayer) throws -> [AttentionBenchVariant] {
    dense = nil
    let made = try problem.deviceVariants(driver)
    dense = made.dense
    return made.variants
  }

  func seconds(_ variant: AttentionBenchVariant) throws -> Double {
    // The device is at work while the step is launched, so that only its own time counts.
    try dense?.readStream()
    return try driver.time { _ = try variant.step() }
  }

  func streamSeconds() throws -> Double { try driver.time { try dense?.readStream() } }
}
