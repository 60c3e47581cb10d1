import CacheCodec
import KVCacheModel
import SpectralTransform
import TestSupport
import Testing

@testable import FlashAttention

/// Kernels compile wherever NVRTC is, and run wherever a GPU is; elsewhere both say so.
@Suite(.serialized) struct CUDATests {
  private static let compiler = Result { try KernelCompiler() }
  private static var hasCompiler: Bool { (try? compiler.get()) != nil }
  private static let hasDevice = (try? CUDADriver()) != nil

  /// Interpolated layers with strides 8 to 64, one to seven query heads a KV head.
  static let cases = [
    FourierCase(groupSize: 4, headDim: 64, states: 4, keyFraction: 0.8),
    FourierCase(groupSize: 1, headDim: 32, states: 8, period: 1120),
    FourierCase(groupSize: 7, headDim: 128, tokens: 2100, states: 16, period: 2240),
    FourierCase(groupSize: 3, headDim: 64, tokens: 5000, states: 64, period: 5120, keyFraction: 1, valueFraction: 0.3),
  ]

  @Test(arguments: cases) func kernelsCompile(test: FourierCase) throws {
    let (keys, values) = (test.parts(.key), test.parts(.value))
    let kernels = try FourierKernels(
      keys: FourierFeatures(keys, test.geometry), values: FourierFeatures(values, test.geometry),
      geometry: test.geometry, grid: SpectralGrid(keys.spectrum!), tokens: keys.middle)
    #expect(kernels.factors.0 * kernels.factors.1 == kernels.grid.points)
    guard case .success(let compiler) = Self.compiler else { return }
    let ptx = try compiler.compile(FourierKernels.source, name: "fourier.cu", defines: kernels.defines, capability: 90)
    let text = String(decoding: ptx.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for name in ["begin", "expand", "middle", "close", "dense", "denseJoin", "streamRead"] {
      #expect(text.contains(".entry \(name)("))
    }
  }

  @Test(.enabled(if: hasCompiler, "no NVRTC; make test fetches it")) func aMistakeIsReported() throws {
    #expect(throws: CUDAError.self) {
      try Self.compiler.get().compile(Array("nonsense;".utf8), name: "a.cu", defines: [], capability: 90)
    }
  }

  @Test func unsuitableLayersAreRefused() throws {
    let test = FourierCase(period: 283)
    let (keys, values) = (test.parts(.key), test.parts(.value))
    #expect(throws: CUDAError.self) {
      try FourierKernels(
        keys: FourierFeatures(keys, test.geometry), values: FourierFeatures(values, test.geometry),
        geometry: test.geometry, grid: SpectralGrid(keys.spectrum!), tokens: keys.middle)
    }
  }

  @Test(.enabled(if: !hasDevice, "there is a GPU")) func withoutAGPUTheReasonIsGiven() {
    #expect(throws: CUDAError.self) { try CUDADriver() }
  }

  @Test(.enabled(if: hasDevice && hasCompiler, "no NVIDIA GPU"), arguments: cases) func agreesWithDecodedAttention(
    of test: FourierCase
  )
    throws
  {
    var test = test
    test.coefficients = .float16
    let (keys, values) = (test.parts(.key), test.parts(.value))
    let layer = try FourierDevice(
      driver: CUDADriver(), keys: keys, values: values, geometry: test.geometry, scale: test.scale)
    try layer.setQueries(test.probes.elements)
    try layer.step()
    let expected = DecodedReference.outputs(test.problem, keys: keys, values: values)
    // As on the CPU, and __expf's 2⁻²¹ + |x|·2⁻²² of a probability.
    let worst = WorstError.between(try layer.outputs(), expected)
    #expect(worst <= 4 * test.tolerance(keys, values), "\(worst)")
  }
}
