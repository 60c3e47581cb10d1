#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// NVIDIA's run-time compiler (NVRTC), loaded when it is needed. It compiles without a GPU.
public struct KernelCompiler: Sendable {
  private let library: DynamicLibrary

  /// Names that the library goes by; the environment's FKV_NVRTC first, where it is set.
  static var names: [String] {
    let own = getenv("FKV_NVRTC").map { [String(cString: $0)] } ?? []
    return own + [
      "libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12", "/usr/local/cuda/lib64/libnvrtc.so",
      "/usr/local/cuda/lib64/libnvrtc.so.13", "/usr/local/cuda/lib64/libnvrtc.so.12",
    ]
  }

  /// - Throws: `CUDAError.noLibrary`.
  public init() throws { library = try DynamicLibrary(Self.names) }

  private typealias Program = UnsafeMutableRawPointer
  private typealias Text = UnsafePointer<CChar>

  /// The PTX of a source, with macros defined, for a compute capability such as `90`.
  ///
  /// - Throws: `CUDAError.compilation` with the compiler's words, `.failed`, `.noFunction`.
  public func compile(_ source: [UInt8], name: String, defines: [(String, Int)], capability: Int) throws -> [CChar] {
    let create:
      @convention(c) (UnsafeMutablePointer<Program?>, Text, Text, Int32, OpaquePointer?, OpaquePointer?) ->
        Int32 = try library.function("nvrtcCreateProgram")
    let run: @convention(c) (Program, Int32, UnsafePointer<Text?>) -> Int32 = try library.function(
      "nvrtcCompileProgram")
    let destroy: @convention(c) (UnsafeMutablePointer<Program?>) -> Int32 = try library.function("nvrtcDestroyProgram")
    var program: Program?
    let text = source.map { CChar(bitPattern: $0) } + [0]
    try CUDADriver.check("nvrtcCreateProgram", create(&program, text, name, 0, nil, nil))
    defer { _ = destroy(&program) }
    let options =
      ["--gpu-architecture=compute_\(capability)", "--std=c++17"] + defines.map { "-D\($0.0)=\($0.1)" }
    let pointers = options.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    let code = run(program!, Int32(options.count), pointers.map { UnsafePointer($0) })
    guard code == 0 else {
      let log = try output(program!, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog")
      throw CUDAError.compilation(String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return try output(program!, "nvrtcGetPTXSize", "nvrtcGetPTX")
  }

  private func output(_ program: Program, _ size: String, _ get: String) throws -> [CChar] {
    let sizeOf: @convention(c) (Program, UnsafeMutablePointer<Int>) -> Int32 = try library.function(size)
    let read: @convention(c) (Program, UnsafeMutablePointer<CChar>) -> Int32 = try library.function(get)
    var count = 0
    try CUDADriver.check(size, sizeOf(program, &count))
    var text = [CChar](repeating: 0, count: max(count, 1))
    try CUDADriver.check(get, read(program, &text))
    return text
  }
}
