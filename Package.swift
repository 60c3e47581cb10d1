// swift-tools-version: 6.2
// Targets stand in data-flow order, each library followed by its tests. docs/architecture.md says what may import what.
import PackageDescription

// What the fuzz targets decode with. FKV_FUZZ=1 makes them a program for libFuzzer instead of tests (.ci/fuzz).
let fuzzing = Context.environment["FKV_FUZZ"] != nil
let fuzzed: [Target.Dependency] = [
  "ChatTemplate", "Coding", "CacheCodec", "Evaluation", "FKVFormat", "FileIO", "FlashAttention", "Interchange",
  "KVCacheModel", "SpectralTransform", "TestSupport",
]

let package = Package(
  name: "fkv",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "fkv", targets: ["fkv"]),
    .library(name: "FourierKV", targets: ["FourierKV"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // AES-GCM and HKDF for encrypted files: BoringSSL on Linux, CryptoKit on macOS.
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    // C libraries: module maps, nothing else.
    .systemLibrary(
      name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"]), .brew(["fftw"])]),
    .systemLibrary(
      name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
    .systemLibrary(
      name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"]), .brew(["xxhash"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(name: "CLlama", pkgConfig: "llama", providers: [.brew(["llama.cpp"])]),

    // Values and foundations.
    .target(name: "KVCacheModel"),
    .testTarget(name: "KVCacheModelTests", dependencies: ["KVCacheModel"]),
    .target(name: "FileIO"),
    .testTarget(name: "FileIOTests", dependencies: ["FileIO", "TestSupport"]),
    .target(name: "CKernels"),
    .target(name: "ComputeKernels", dependencies: ["CKernels", "COpenBLAS"]),
    .testTarget(name: "ComputeKernelsTests", dependencies: ["ComputeKernels", "TestSupport"]),

    // Caches in: foreign files and the engine.
    .target(name: "Interchange", dependencies: ["KVCacheModel", "FileIO", "CXXHash"]),
    .testTarget(
      name: "InterchangeTests", dependencies: ["Interchange", "KVCacheModel", "FileIO", "TestSupport"],
      exclude: ["Resources"]),
    // Conversations as the text that a model reads.
    .target(name: "ChatTemplate"),
    .testTarget(name: "ChatTemplateTests", dependencies: ["ChatTemplate", "TestSupport"]),
    .target(
      name: "LlamaEngine", dependencies: ["ChatTemplate", "KVCacheModel", "FileIO", "Interchange", "CLlama"]),
    .testTarget(name: "LlamaEngineTests", dependencies: ["LlamaEngine", "TestSupport"]),

    // The stages of the codec.
    .target(name: "SpectralTransform", dependencies: ["KVCacheModel", "ComputeKernels", "CFFTW"]),
    .testTarget(name: "SpectralTransformTests", dependencies: ["SpectralTransform", "TestSupport"]),
    .target(name: "Coding", dependencies: ["CLZ4", "CKernels"]),
    .testTarget(name: "CodingTests", dependencies: ["Coding", "CKernels", "TestSupport"]),
    .target(
      name: "FKVFormat", dependencies: ["FileIO", "CXXHash", .product(name: "Crypto", package: "swift-crypto")]),
    .testTarget(
      name: "FKVFormatTests",
      dependencies: ["FKVFormat", "TestSupport", .product(name: "Crypto", package: "swift-crypto")]),

    // The order of the stages, and the measure of what they cost.
    .target(name: "Fidelity", dependencies: ["KVCacheModel", "ComputeKernels"]),
    .testTarget(name: "FidelityTests", dependencies: ["Fidelity", "TestSupport"]),
    .target(
      name: "CacheCodec",
      dependencies: [
        "KVCacheModel", "FileIO", "ComputeKernels", "SpectralTransform", "Coding", "FKVFormat", "Fidelity",
      ]),
    .testTarget(name: "CacheCodecTests", dependencies: ["CacheCodec", "TestSupport"]),

    // The library: open, encode, decode, compare. No engine, no command line.
    .target(
      name: "FourierKV",
      dependencies: [
        "KVCacheModel", "FileIO", "ComputeKernels", "Interchange", "Coding", "FKVFormat", "Fidelity", "CacheCodec",
      ]),
    .testTarget(name: "FourierKVTests", dependencies: ["FourierKV", "CacheCodec", "TestSupport"]),

    // Attention from what the codec keeps, without decoding it first.
    .target(
      name: "FlashAttention",
      dependencies: ["KVCacheModel", "ComputeKernels", "SpectralTransform", "CacheCodec", "Fidelity"],
      resources: [
        .embedInCode("CUDA/common.cu"), .embedInCode("CUDA/rows.cu"), .embedInCode("CUDA/fourier.cu"),
        .embedInCode("CUDA/middle.cu"), .embedInCode("CUDA/close.cu"),
      ]),
    .testTarget(
      name: "FlashAttentionTests",
      dependencies: ["FlashAttention", "SpectralTransform", "FourierKV", "Commands", "Interchange", "TestSupport"]),

    // Evaluations by answers and predictions: what is asked, how it is scored, how results are kept. No engine.
    .target(name: "Evaluation", dependencies: ["FileIO"]),
    .testTarget(
      name: "EvaluationTests", dependencies: ["Evaluation", "FileIO", "TestSupport"], exclude: ["Resources"]),

    // Other people's methods, for `fkv bench` and `fkv eval` alone; no product code imports them.
    .target(
      name: "Baselines",
      dependencies: ["KVCacheModel", "ComputeKernels", "SpectralTransform", "Coding", "CacheCodec", "CZlib", "CZstd"]),
    .testTarget(
      name: "BaselinesTests",
      dependencies: ["Baselines", "CacheCodec", "Coding", "Fidelity", "Commands", "Interchange", "TestSupport", "fkv"]),

    // What the commands do, and the command line.
    .target(
      name: "Commands",
      dependencies: [
        "FourierKV", "KVCacheModel", "FileIO", "ComputeKernels", "SpectralTransform", "Interchange", "LlamaEngine",
        "CacheCodec",
        "Fidelity", "FKVFormat", "FlashAttention", "Evaluation", "Baselines",
      ]),
    .testTarget(name: "CommandsTests", dependencies: ["Commands", "FourierKV", "TestSupport"]),
    .executableTarget(
      name: "fkv",
      dependencies: [
        "Commands", "FourierKV", "CacheCodec", "Evaluation", "FileIO", "Interchange", "KVCacheModel",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .testTarget(name: "fkvTests", dependencies: ["fkv", "Commands", "FourierKV", "Evaluation", "TestSupport"]),

    // The format: a second decoder that shares nothing with the product, files in which both must find the same, vectors.
    .target(name: "ReferenceDecoder", path: "Tests/ReferenceDecoder", swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "ConformanceTests",
      dependencies: [
        "ReferenceDecoder", "CacheCodec", "Coding", "FKVFormat", "KVCacheModel", "SpectralTransform", "TestSupport",
      ]),

    // Every decoder against hostile bytes: a sample of inputs in the tests, millions under libFuzzer.
    fuzzing
      ? .executableTarget(
        name: "fkv-fuzz", dependencies: fuzzed, path: "Tests/FuzzingTests", exclude: ["Checks"])
      : .testTarget(name: "FuzzingTests", dependencies: fuzzed, exclude: ["Driver"]),

    // Shared by all tests: shapes, a repeatable generator, synthetic caches, scratch folders.
    .target(name: "TestSupport", dependencies: ["KVCacheModel"], path: "Tests/TestSupport"),
  ],
  swiftLanguageModes: [.v6]
)
